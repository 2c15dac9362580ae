// The log, one line per event: prose on a terminal, time, level and key=value
// in a pod, one JSON object per line on request.
//
// Nothing is written before StartLog. Values are made printable; the caller
// must keep secrets out. Threads: safe to call from any.
#ifndef PREPULL_BASE_LOG_H_
#define PREPULL_BASE_LOG_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace prepull {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kPeople, kText, kJson };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  // Receives each line, without its newline, one call at a time.
  std::function<void(absl::string_view line)> write = nullptr;
};

// One key=value of a log line.
struct LogField {
  LogField(absl::string_view field_key, absl::string_view text);
  LogField(absl::string_view field_key, int64_t number);
  LogField(absl::string_view field_key, absl::Duration seconds);

  std::string key;
  std::string value;
  bool quoted = true;  // a JSON string, not a number
};

// Starts the log, in place of an earlier one.
void StartLog(LogOptions options);

// `event` is a word or a few: "retry", "status file cannot be written".
void Log(LogLevel level, absl::string_view event,
         absl::Span<const LogField> fields = {});

}  // namespace prepull

#endif  // PREPULL_BASE_LOG_H_
