// The only place that prints: results to standard output, log lines and
// messages to standard error, and below them a live view, which is erased
// before anything else is printed and drawn again after it.
//
// Threads: safe to share; lines never mix.
#ifndef PREPULL_SRC_CLI_CONSOLE_H_
#define PREPULL_SRC_CLI_CONSOLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/base/host.h"
#include "prepull/base/mutex.h"

namespace prepull {

class Console {
 public:
  explicit Console(Host& host) : host_(host) {}

  // Prints to standard output; `text` ends with a newline. What the stream does
  // not accept is lost; the first loss is reported on standard error, unless
  // the reader closed the stream (`prepull ... | head`). Does not wait for the
  // stream: Flush does.
  void PrintOut(absl::string_view text);

  // Prints a JSON document, which ends with a newline: indented on a terminal,
  // else on one line.
  void PrintJson(const std::string& document);

  // Waits until everything is read, `until` has passed or `stop` is requested;
  // returns whether everything is read.
  bool Flush(Instant until, const std::stop_token& stop);

  // Whether output was lost although its reader did not close the stream.
  bool HasLostOutput();

  // Prints one line, without its newline, to standard error.
  void PrintErr(absl::string_view line);

  // Replaces the live view. Only for a terminal on standard error.
  void DrawView(const std::vector<std::string>& lines);
  void EraseView() { DrawView({}); }

  // Leaves the terminal clean before the process ends, from any thread and
  // without waiting for others.
  void Abandon();

 private:
  std::string Erasing() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string Drawing() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Err(absl::string_view text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteOut(const absl::Status& written)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Host& host_;
  Mutex mutex_;
  std::vector<std::string> view_ ABSL_GUARDED_BY(mutex_);
  bool out_is_lost_ ABSL_GUARDED_BY(mutex_) = false;
  bool out_is_wanted_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_CONSOLE_H_
