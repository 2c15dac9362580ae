// Writes the termination message of the container, for `kubectl describe pod`
// and for whoever reads its machine line: at every end of a fetch.
#ifndef PREPULL_SRC_CLI_TERMINATION_LOG_H_
#define PREPULL_SRC_CLI_TERMINATION_LOG_H_

#include <string>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/run/run.h"

namespace prepull {

class TerminationLog {
 public:
  // `files` must live as long as the process.
  TerminationLog(std::string path, FileSystem& files)
      : path_(std::move(path)), files_(files) {}

  // Writes the message of `run`, which has ended at `now`, if there is a file.
  void Write(const Run& run, Instant now) const;

  // The last word of a process that ends at once: `code` for `why`, and no
  // images. Waits for a slow disk at most for `patience`. Threads: any.
  void BreakOff(const std::string& run_id, ExitCode code,
                const std::string& why, absl::Duration patience) const;

 private:
  const std::string path_;
  FileSystem& files_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_TERMINATION_LOG_H_
