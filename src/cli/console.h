// The only place that prints: results to standard output, talk to standard
// error, and a live view at the bottom that is gone before anything else is
// printed and back behind it.
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

  // The result; `text` ends with a newline. What standard output does not
  // take is lost, and the first such loss is told on standard error, unless
  // its reader simply went away (`prepull … | head`). No print waits for the
  // stream: Flush does.
  void PrintOut(absl::string_view text);

  // Waits until everything is read, at most until `until` or a requested stop;
  // whether it is.
  bool Flush(Instant until, const std::stop_token& stop);

  // Whether a reader that is still there did not get all of it, as far as it
  // was flushed.
  bool HasLostOutput();

  // One line of talk, without its newline.
  void PrintErr(absl::string_view line);

  // Replaces the live view. Only for a terminal on standard error.
  void DrawView(const std::vector<std::string>& lines);
  void EraseView() { DrawView({}); }

  // Leaves the terminal clean from any thread, even one that finds another in
  // the middle of a line; for a process that ends now.
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
