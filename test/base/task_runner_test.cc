#include "prepull/base/task_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TaskRunnerTest, RunsTheTasksInTheirOrder) {
  TaskRunner runner;
  std::vector<int> ran;
  const TaskRunner::Poster poster = runner.poster();
  poster.Post([&ran] { ran.push_back(1); });
  poster.Post([&ran] { ran.push_back(2); });

  runner.RunPending();

  EXPECT_THAT(ran, ElementsAre(1, 2));
}

TEST(TaskRunnerTest, RunsEachTaskOnce) {
  TaskRunner runner;
  int runs = 0;
  runner.poster().Post([&runs] { ++runs; });

  runner.RunPending();
  runner.RunPending();

  EXPECT_EQ(runs, 1);
}

TEST(TaskRunnerTest, LeavesWhatATaskPostsToTheNextCall) {
  TaskRunner runner;
  std::vector<std::string> ran;
  runner.poster().Post([&, poster = runner.poster()] {
    ran.push_back("first");
    poster.Post([&ran] { ran.push_back("second"); });
  });

  runner.RunPending();
  EXPECT_THAT(ran, ElementsAre("first"));
  EXPECT_TRUE(runner.wakeup().Clear());

  runner.RunPending();
  EXPECT_THAT(ran, ElementsAre("first", "second"));
}

TEST(TaskRunnerTest, LosesNoTaskOfTwoThreads) {
  constexpr int kEach = 1000;
  TaskRunner runner;
  int runs = 0;  // only the runner's thread counts
  const auto post = [poster = runner.poster(), &runs] {
    for (int i = 0; i < kEach; ++i) poster.Post([&runs] { ++runs; });
  };

  std::jthread first(post);
  std::jthread second(post);
  while (runs < 2 * kEach) {
    ASSERT_TRUE(runner.wakeup().WaitFor(absl::Seconds(20)));
    runner.RunPending();
  }

  EXPECT_EQ(runs, 2 * kEach);
}

TEST(TaskRunnerTest, DropsTheTasksThatHaveNotRun) {
  const auto held = std::make_shared<int>(0);
  std::optional<TaskRunner> runner(std::in_place);
  runner->poster().Post([held] { ++*held; });

  runner.reset();

  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(TaskRunnerTest, DropsWhatIsPostedOnceItIsGone) {
  std::optional<TaskRunner> runner(std::in_place);
  const TaskRunner::Poster poster = runner->poster();
  const auto held = std::make_shared<int>(0);
  runner.reset();

  poster.Post([held] { ++*held; });

  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(TaskRunnerTest, MayBePostedToFromTheDestructorOfADroppedTask) {
  struct PostsAtItsEnd {
    ~PostsAtItsEnd() {
      poster.Post([] {});
    }
    TaskRunner::Poster poster;
  };
  std::optional<TaskRunner> runner(std::in_place);
  runner->poster().Post([held = std::shared_ptr<PostsAtItsEnd>(
                             new PostsAtItsEnd{runner->poster()})] {});

  runner.reset();

  EXPECT_FALSE(runner.has_value());
}

TEST(TaskScopeTest, HandsAnAnswerToTheRunnersThread) {
  TaskRunner runner;
  const TaskScope scope(runner.poster());
  std::vector<std::string> answers;
  const std::function<void(std::string)> callback = scope.Callback<std::string>(
      [&answers](const std::string& answer) { answers.push_back(answer); });

  std::jthread([&callback] { callback("yes"); }).join();
  EXPECT_THAT(answers, IsEmpty());

  runner.RunPending();
  EXPECT_THAT(answers, ElementsAre("yes"));
}

TEST(TaskScopeTest, HandsNothingOverOnceItIsGone) {
  TaskRunner runner;
  std::optional<TaskScope> scope(std::in_place, runner.poster());
  int runs = 0;
  const TaskRunner::Task before = scope->Callback([&runs] { ++runs; });
  const TaskRunner::Task after = scope->Callback([&runs] { ++runs; });
  before();

  scope.reset();
  after();
  runner.RunPending();

  EXPECT_EQ(runs, 0);
}

TEST(TaskScopeTest, ItsCallbacksMayOutliveTheRunner) {
  std::optional<TaskRunner> runner(std::in_place);
  const TaskScope scope(runner->poster());
  int runs = 0;
  const TaskRunner::Task callback = scope.Callback([&runs] { ++runs; });
  runner.reset();

  callback();

  EXPECT_EQ(runs, 0);
}

}  // namespace
}  // namespace prepull
