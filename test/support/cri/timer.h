// One thread that calls back when a time has come.
#ifndef PREPULL_TEST_SUPPORT_CRI_TIMER_H_
#define PREPULL_TEST_SUPPORT_CRI_TIMER_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/time/time.h"

namespace prepull {

class Timer {
 public:
  Timer() : thread_([this](const std::stop_token& stop) { Run(stop); }) {}

  // Calls `event` on the timer's thread after `delay`.
  void After(absl::Duration delay, std::function<void()> event) {
    {
      std::lock_guard lock(mutex_);
      events_.emplace(
          std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(delay),
          std::move(event));
    }
    changed_.notify_one();
  }

 private:
  void Run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      if (events_.empty()) {
        changed_.wait(lock, stop, [this] { return !events_.empty(); });
        continue;
      }
      const auto due = events_.begin()->first;
      if (std::chrono::steady_clock::now() < due) {
        changed_.wait_until(lock, stop, due, [this, due] {
          return events_.begin()->first < due;
        });
        continue;
      }
      const auto event = events_.extract(events_.begin());
      lock.unlock();
      event.mapped()();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>>
      events_;
  std::jthread thread_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_TIMER_H_
