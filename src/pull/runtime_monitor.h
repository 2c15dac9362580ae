// Polls a runtime that became unreachable, as in a restart, until it answers.
//
// Not thread-safe.
#ifndef PREPULL_SRC_PULL_RUNTIME_MONITOR_H_
#define PREPULL_SRC_PULL_RUNTIME_MONITOR_H_

#include <memory>
#include <string>

#include "prepull/base/clock.h"
#include "prepull/base/task_runner.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

class RuntimeMonitor {
 public:
  RuntimeMonitor(ContainerRuntime& runtime, const Clock& clock,
                 TaskRunner::Poster poster, const std::string& socket)
      : runtime_(runtime),
        clock_(clock),
        socket_(socket),
        scope_(std::move(poster)) {}

  // Marks it unreachable and starts to poll it.
  void OnUnavailable();

  // Whether it is unreachable, as far as is known.
  bool is_away() const { return is_away_; }

  // Polls when that is due.
  void Turn(Instant now);
  Instant NextTurn() const;

  // Ends the poll that is under way.
  void Cancel();

 private:
  void OnAnswer(const absl::Status& answer);

  ContainerRuntime& runtime_;
  const Clock& clock_;
  const std::string& socket_;
  const TaskScope scope_;
  bool is_away_ = false;
  Instant poll_at_;
  std::unique_ptr<RunningCall> poll_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_RUNTIME_MONITOR_H_
