// Waits for a runtime that went away, as after a restart.
//
// Not thread-safe; answers come back through `post`.
#ifndef PREPULL_SRC_PULL_RUNTIME_VIGIL_H_
#define PREPULL_SRC_PULL_RUNTIME_VIGIL_H_

#include <functional>
#include <memory>
#include <string>

#include "prepull/base/clock.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

class RuntimeVigil {
 public:
  // Runs it on the engine's thread, unless that no longer listens. Threads:
  // from any.
  using Post = std::function<void(std::function<void()>)>;

  RuntimeVigil(ContainerRuntime& runtime, const Clock& clock, Post post,
               const std::string& socket)
      : runtime_(runtime),
        clock_(clock),
        post_(std::move(post)),
        socket_(socket) {}

  // A call found nobody at the socket.
  void Lose();

  // From Lose until it answers.
  bool is_away() const { return is_away_; }

  // Asks it to answer, when that is due.
  void Turn(Instant now);
  Instant NextTurn() const;

  // Ends the question that is under way.
  void Cancel();

 private:
  void OnAnswer(const absl::Status& answer);

  ContainerRuntime& runtime_;
  const Clock& clock_;
  const Post post_;
  const std::string& socket_;
  bool is_away_ = false;
  Instant ask_at_;
  std::unique_ptr<RunningCall> question_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_RUNTIME_VIGIL_H_
