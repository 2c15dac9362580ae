#include "prepull/base/task_runner.h"

namespace prepull {

TaskRunner::TaskRunner() : queue_(std::make_shared<Queue>()) {}

TaskRunner::~TaskRunner() {
  std::vector<Task> dropped;  // outside the lock: a destructor may post
  MutexLock lock(queue_->mutex);
  queue_->is_closed = true;
  dropped.swap(queue_->tasks);
}

TaskRunner::Poster TaskRunner::poster() const { return Poster(queue_); }

Wakeup& TaskRunner::wakeup() const { return queue_->wakeup; }

void TaskRunner::RunPending() {
  std::vector<Task> tasks;
  {
    MutexLock lock(queue_->mutex);
    tasks.swap(queue_->tasks);
  }
  for (const Task& task : tasks) task();
}

void TaskRunner::Poster::Post(Task task) const {
  {
    MutexLock lock(queue_->mutex);
    if (queue_->is_closed) return;
    queue_->tasks.push_back(std::move(task));
  }
  queue_->wakeup.Notify();
}

TaskRunner::Task TaskScope::Callback(TaskRunner::Task task) const {
  return [poster = poster_, scope = std::weak_ptr<const bool>(exists_),
          task = std::move(task)] {
    poster.Post([scope, task] {
      if (!scope.expired()) task();
    });
  };
}

}  // namespace prepull
