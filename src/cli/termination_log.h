// Writes the termination message of the container, for `kubectl describe pod`
// and for whoever reads its machine line: at every end of a fetch that is no
// --dry-run.
#ifndef PREPULL_SRC_CLI_TERMINATION_LOG_H_
#define PREPULL_SRC_CLI_TERMINATION_LOG_H_

#include <future>
#include <optional>
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/mutex.h"
#include "prepull/run/run_observer.h"

namespace prepull {

class TerminationLog : public RunObserver {
 public:
  // `files` and `clock` must live as long as the process.
  TerminationLog(std::string path, FileSystem& files, const Clock& clock)
      : path_(std::move(path)), files_(files), clock_(clock) {}

  // What a last word needs to know.
  void OnStarted(const Run& run) override;
  void OnListKnown(const Run& run) override;
  void OnPlanned(const Run& run) override { OnListKnown(run); }
  void OnEnded(const Run& run, const ImageOutcome& image) override;

  // Writes the message of `run`, which has ended, if there is a file.
  void Write(const Run& run);

  // The last word of a process that ends at once: `code` for `why`, and the
  // images that have ended. Nothing if the message is written or being written.
  // The write may outlast the process; the result is ready when it has ended.
  // Threads: any.
  std::future<void> BreakOff(ExitCode code, const std::string& why);

 private:
  // The run as far as it is known, broken off; nothing if it is over.
  std::optional<Run> Broken(ExitCode code, const std::string& why);

  const std::string path_;
  FileSystem& files_;
  const Clock& clock_;
  Mutex mutex_;
  RunStart start_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> list_hash_ ABSL_GUARDED_BY(mutex_);
  std::vector<ImageState> states_ ABSL_GUARDED_BY(mutex_);
  bool is_over_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_TERMINATION_LOG_H_
