#include "prepull/base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxValueBytes = 2048;

std::string SecondsText(absl::Duration d) {
  return absl::StrFormat("%.1f", absl::ToDoubleSeconds(d));
}

// spdlog's hand-over point: one formatted line at a time, under its lock.
class LineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(std::function<void(absl::string_view)> write)
      : write_(std::move(write)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_(absl::string_view(line.data(), line.size()));
  }
  void flush_() override {}

 private:
  std::function<void(absl::string_view)> write_;
};

// spdlog's own word is "warning".
class LevelWord : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const absl::string_view word = Word(message.level);
    out.append(word.data(), word.data() + word.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelWord>();
  }

 private:
  static absl::string_view Word(spdlog::level::level_enum level) {
    if (level == spdlog::level::debug) return "debug";
    if (level == spdlog::level::info) return "info";
    return level == spdlog::level::warn ? "warn" : "error";
  }
};

const char* Pattern(LogFormat format) {
  if (format == LogFormat::kPeople) return "%v";
  if (format == LogFormat::kText) return "%Y-%m-%dT%H:%M:%SZ %* %v";
  return R"({"time":"%Y-%m-%dT%H:%M:%SZ","level":"%*",%v})";
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

struct RunningLog {
  std::shared_ptr<spdlog::logger> logger;
  LogFormat format = LogFormat::kText;
};

RunningLog& TheLog() {
  static RunningLog* log = new RunningLog;
  return *log;
}

// key=value, in quotes where a blank or a quote would blur its end.
std::string TextMessage(absl::string_view event,
                        absl::Span<const LogField> fields) {
  std::string text(event);
  for (const LogField& field : fields) {
    absl::StrAppend(&text, " ", field.key, "=");
    if (field.value.empty() ||
        field.value.find_first_of(" \"=") != std::string::npos) {
      AppendJsonString(field.value, text);
    } else {
      absl::StrAppend(&text, field.value);
    }
  }
  return text;
}

std::string JsonMessage(absl::string_view event,
                        absl::Span<const LogField> fields) {
  std::string text = R"("event":)";
  AppendJsonString(event, text);
  for (const LogField& field : fields) {
    text.push_back(',');
    AppendJsonString(field.key, text);
    text.push_back(':');
    if (field.quoted) {
      AppendJsonString(field.value, text);
    } else {
      text.append(field.value);
    }
  }
  return text;
}

}  // namespace

LogField::LogField(absl::string_view field_key, absl::string_view text)
    : key(field_key), value(Printable(text, kMaxValueBytes)) {}

LogField::LogField(absl::string_view field_key, int64_t number)
    : key(field_key), value(absl::StrCat(number)), quoted(false) {}

LogField::LogField(absl::string_view field_key, absl::Duration seconds)
    : key(absl::StrCat(field_key, "_seconds")),
      value(SecondsText(seconds)),
      quoted(false) {}

void StartLog(LogOptions options) {
  auto logger = std::make_shared<spdlog::logger>(
      "prepull", std::make_shared<LineSink>(std::move(options.write)));
  auto formatter = std::make_unique<spdlog::pattern_formatter>(
      spdlog::pattern_time_type::utc, "");
  formatter->add_flag<LevelWord>('*').set_pattern(Pattern(options.format));
  logger->set_formatter(std::move(formatter));
  logger->set_level(SpdlogLevel(options.level));
  TheLog() = {std::move(logger), options.format};
}

void Log(LogLevel level, absl::string_view event,
         absl::Span<const LogField> fields) {
  const RunningLog& log = TheLog();
  if (!log.logger || !log.logger->should_log(SpdlogLevel(level))) return;
  const std::string message = log.format == LogFormat::kJson
                                  ? JsonMessage(event, fields)
                                  : TextMessage(event, fields);
  log.logger->log(SpdlogLevel(level), "{}", message);
}

}  // namespace prepull
