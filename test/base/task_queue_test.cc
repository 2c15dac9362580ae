#include "prepull/base/task_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace prepull {
namespace {

using ::testing::ElementsAre;

TEST(TaskQueueTest, RunsOneTaskAfterAnotherInTheirOrder) {
  TaskQueue queue;
  std::vector<int> ran;
  Wakeup done;

  for (int i = 1; i <= 3; ++i) queue.Add([&ran, i] { ran.push_back(i); });
  queue.Add([&done] { done.Notify(); });

  EXPECT_TRUE(done.WaitFor(absl::Minutes(1)));
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST(TaskQueueTest, WaitsForTheTaskThatRuns) {
  Wakeup begun;
  bool has_ended = false;
  auto queue = std::make_unique<TaskQueue>();
  queue->Add([&] {
    begun.Notify();
    has_ended = true;
  });
  begun.WaitFor(absl::Minutes(1));

  queue.reset();

  EXPECT_TRUE(has_ended);
}

TEST(TaskQueueTest, LeavesATaskBehindThatHangs) {
  struct Shared {
    Wakeup begun;
    Wakeup released;
    Wakeup ended;
  };
  const auto shared = std::make_shared<Shared>();
  bool has_run = false;
  auto queue = std::make_unique<TaskQueue>();
  queue->Add([shared] {
    shared->begun.Notify();
    shared->released.WaitFor(absl::InfiniteDuration());
    shared->ended.Notify();
  });
  queue->Add([&has_run] { has_run = true; });
  shared->begun.WaitFor(absl::Minutes(1));

  queue.reset();

  shared->released.Notify();
  EXPECT_TRUE(shared->ended.WaitFor(absl::Minutes(1)));
  EXPECT_FALSE(has_run);
}

}  // namespace
}  // namespace prepull
