// The one way to hand work to another thread's loop: tasks that any thread
// posts and the thread that owns the runner runs, so that its state needs no
// lock.
//
// Lifetime: a Poster may outlive its runner; what it posts from then on is
// dropped. An object on the runner's thread that waits for answers owns a
// TaskScope, and its callbacks may hold a plain `this`: they do nothing once
// the object is gone.
#ifndef PREPULL_BASE_TASK_RUNNER_H_
#define PREPULL_BASE_TASK_RUNNER_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"

namespace prepull {

// Threads: one owns it and calls everything but Poster::Post.
class TaskRunner {
 public:
  using Task = std::function<void()>;
  class Poster;

  TaskRunner();

  // Drops the tasks that have not run.
  ~TaskRunner();
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;

  Poster poster() const;

  // Runs the tasks posted so far, oldest first. A task posted by one of them
  // waits for the next call.
  void RunPending();

  // Notified by each Post; others may notify it, too. The owner's loop waits
  // on it.
  Wakeup& wakeup() const;

 private:
  // Shared with the posters, which may outlive the runner.
  struct Queue {
    Wakeup wakeup;
    Mutex mutex;
    std::vector<Task> tasks ABSL_GUARDED_BY(mutex);
    bool is_closed ABSL_GUARDED_BY(mutex) = false;
  };

  const std::shared_ptr<Queue> queue_;
};

// A copyable handle. Threads: safe to use from any, at any time.
class TaskRunner::Poster {
 public:
  // Queues `task`, or drops it if the runner is gone.
  void Post(Task task) const;

 private:
  friend class TaskRunner;
  explicit Poster(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}

  std::shared_ptr<Queue> queue_;
};

// Makes callbacks for an object on a runner's thread, to be called from any
// thread, at any time: they run there, and only while the scope exists.
//
// A member of that object, which it must not outlive. Not thread-safe.
class TaskScope {
 public:
  explicit TaskScope(TaskRunner::Poster poster) : poster_(std::move(poster)) {}
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // Returns a callback that hands a copy of its argument to `handle`.
  template <typename Answer>
  std::function<void(Answer)> Callback(
      std::function<void(const Answer&)> handle) const {
    return [poster = poster_, scope = std::weak_ptr<const bool>(exists_),
            handle = std::move(handle)](Answer answer) {
      poster.Post([scope, handle, answer = std::move(answer)] {
        if (!scope.expired()) handle(answer);
      });
    };
  }

  // Returns a callback that runs `task`.
  TaskRunner::Task Callback(TaskRunner::Task task) const;

 private:
  const TaskRunner::Poster poster_;
  const std::shared_ptr<const bool> exists_ = std::make_shared<bool>(true);
};

}  // namespace prepull

#endif  // PREPULL_BASE_TASK_RUNNER_H_
