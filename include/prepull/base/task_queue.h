// Runs tasks that may hang, one after another on a thread of its own.
//
// A read from a file server that has gone cannot be interrupted, so it must not
// run on a thread that others wait for.
// Threads: Add from any.
#ifndef PREPULL_BASE_TASK_QUEUE_H_
#define PREPULL_BASE_TASK_QUEUE_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"

namespace prepull {

class TaskQueue {
 public:
  using Task = std::function<void()>;

  TaskQueue() = default;

  // Drops the tasks that have not started, and waits for the running one, a
  // second at most: the thread of a task that hangs is left behind. A task must
  // therefore own what it uses, or use what lives as long as the process.
  ~TaskQueue();
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  void Add(Task task);

 private:
  // Shared with the thread, which may outlive the queue.
  struct State {
    Mutex mutex;
    std::condition_variable_any changed;
    std::deque<Task> tasks ABSL_GUARDED_BY(mutex);
    bool is_over ABSL_GUARDED_BY(mutex) = false;
    Wakeup ended;
  };

  static void Work(State& state);
  // Waits for the next task. Returns null when the thread must end.
  static Task Next(State& state);

  const std::shared_ptr<State> state_ = std::make_shared<State>();
  Mutex mutex_;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);  // from the first task on
};

}  // namespace prepull

#endif  // PREPULL_BASE_TASK_QUEUE_H_
