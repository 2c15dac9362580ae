// A status file on a disk whose writes can be held up, and a clock that the
// test moves.
#ifndef PREPULL_TEST_REPORT_STATUS_FILE_FIXTURE_H_
#define PREPULL_TEST_REPORT_STATUS_FILE_FIXTURE_H_

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "prepull/base/log.h"
#include "prepull/base/mutex.h"
#include "prepull/report/status_file.h"
#include "test/support/fake_file_system.h"
#include "test/support/runs.h"
#include "test/support/shared_clock.h"

namespace prepull {

inline constexpr char kPath[] = "/run/prepull/status.json";
inline constexpr absl::Duration kPause = absl::Milliseconds(500);

// A disk whose writes can be held up.
class SlowDisk : public FakeFileSystem {
 public:
  absl::Status WriteFileAtomically(const std::string&,
                                   absl::string_view text) override {
    MutexLock lock(mutex_);
    ++begun_;
    changed_.notify_all();
    while (is_held_) changed_.wait(mutex_);
    if (on_write_) on_write_();
    texts_.emplace_back(text);
    changed_.notify_all();
    return absl::OkStatus();
  }
  void RemoveOldDrafts(const std::string& path, absl::Duration) override {
    MutexLock lock(mutex_);
    tidied_.push_back(path);
  }

  // Called within each write.
  void OnWrite(std::function<void()> on_write) {
    MutexLock lock(mutex_);
    on_write_ = std::move(on_write);
  }
  void Hold() {
    MutexLock lock(mutex_);
    is_held_ = true;
  }
  void Release() {
    MutexLock lock(mutex_);
    is_held_ = false;
    changed_.notify_all();
  }
  void AwaitBegun(int count) {
    MutexLock lock(mutex_);
    while (begun_ < count) changed_.wait(mutex_);
  }
  void AwaitWritten(size_t count) {
    MutexLock lock(mutex_);
    while (texts_.size() < count) changed_.wait(mutex_);
  }
  int begun() {
    MutexLock lock(mutex_);
    return begun_;
  }
  std::vector<std::string> texts() {
    MutexLock lock(mutex_);
    return texts_;
  }
  std::vector<std::string> tidied() {
    MutexLock lock(mutex_);
    return tidied_;
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::function<void()> on_write_ ABSL_GUARDED_BY(mutex_);
  bool is_held_ ABSL_GUARDED_BY(mutex_) = false;
  int begun_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> texts_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> tidied_ ABSL_GUARDED_BY(mutex_);
};

class StatusFileTest : public ::testing::Test {
 protected:
  StatusFileTest() {
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
  }
  ~StatusFileTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  Instant Turn() { return file_.OnTurn(run_, clock_.Now()); }
  Instant TurnWithNews() {
    file_.OnAttempt(run_, {});
    return Turn();
  }
  // With news until the writer takes it: it needs a moment to find itself idle
  // after a write.
  // A pause that ends just then looks the same, and is no reason to go on.
  void TurnUntilTaken() {
    for (int turns = 0; turns < 20'000; ++turns) {
      if (TurnWithNews() != clock_.Now() + kPause) return;
      std::this_thread::yield();
    }
  }

  void End() {
    run_.End({ExitCode::kImagesFailed, Phase::kFailed}, clock_.WallNow());
  }

  // The first write takes so long, the others no time.
  void BeginOnADiskThatTakes(absl::Duration time) {
    disk_.OnWrite([this, time] { clock_.Advance(time); });
    file_.OnStarted(run_);
    disk_.OnWrite(nullptr);
  }

  // One image that has been pulled for five seconds.
  void BeginPulling() {
    run_ = RunOf({{.image = "quay.io/a:1",
                   .state = ImageState::kPulling,
                   .started_at = clock_.Now()}});
    file_.OnStarted(run_);
    clock_.Advance(absl::Seconds(5));
  }

  SharedClock clock_;
  SlowDisk disk_;
  prepull::Run run_;
  std::vector<std::string> warnings_;
  StatusFile file_{kPath, disk_, clock_};
};

}  // namespace prepull

#endif  // PREPULL_TEST_REPORT_STATUS_FILE_FIXTURE_H_
