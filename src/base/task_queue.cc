#include "prepull/base/task_queue.h"

#include <utility>

namespace prepull {
namespace {

// Real time, since it waits for a real thread.
constexpr absl::Duration kTaskTimeout = absl::Seconds(1);

}  // namespace

TaskQueue::~TaskQueue() {
  std::deque<Task> dropped;
  {
    MutexLock lock(state_->mutex);
    state_->is_over = true;
    dropped = std::exchange(state_->tasks, {});
  }
  state_->changed.notify_all();
  MutexLock lock(mutex_);
  if (!thread_.joinable()) return;
  if (state_->ended.WaitFor(kTaskTimeout)) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void TaskQueue::Add(Task task) {
  {
    MutexLock lock(state_->mutex);
    state_->tasks.push_back(std::move(task));
  }
  state_->changed.notify_all();
  MutexLock lock(mutex_);
  if (thread_.joinable()) return;
  thread_ = std::thread([state = state_] { Work(*state); });
}

void TaskQueue::Work(State& state) {
  while (const Task task = Next(state)) task();
  state.ended.Notify();
}

TaskQueue::Task TaskQueue::Next(State& state) {
  MutexLock lock(state.mutex);
  while (state.tasks.empty() && !state.is_over) state.changed.wait(state.mutex);
  if (state.is_over) return nullptr;
  Task task = std::move(state.tasks.front());
  state.tasks.pop_front();
  return task;
}

}  // namespace prepull
