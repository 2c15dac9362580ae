// What a decision makes of sources that are asked, and of their answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "src/controller/decision.h"
#include "test/controller/decision_fixture.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SourcesTest : public DecisionTest {
 protected:
  SourcesTest() {
    AddNodes(1);
    prepull.spec->images.clear();
    prepull.spec->sources = {{.select = "team/app releases=1"}};
    prepull.spec->inputs_hash = "inputs-1";
  }

  // The controller asks, and `text` is the answer.
  void Answer(absl::StatusOr<std::string> text) {
    memory.is_resolving = false;
    memory.resolution = {.inputs_hash = prepull.spec->inputs_hash,
                         .text = std::move(text),
                         .at = now};
  }
  void EditSources() {
    prepull.spec->sources = {{.select = "team/app releases=2"}};
    prepull.spec->inputs_hash = "inputs-2";
    Edit();
  }
  const Condition& Resolved() const { return *prepull.status.Find("Resolved"); }
  std::string ListOfJob() const {
    const std::string hash = Jobs().begin()->second.list_hash;
    return cluster.ObjectsOf("app").lists.at("app-" + hash).text;
  }
  // With a list from the sources, whose Job runs.
  void Begin() {
    Step();
    Answer("quay.io/team/app:1\n");
    Settle();
  }

  const absl::Status away_ = absl::UnavailableError("spec.sources[0]: away");
  const absl::Status malformed_ =
      absl::InvalidArgumentError("spec.sources[0]: no such rule");
};

TEST_F(SourcesTest, AreAskedOnce) {
  EXPECT_TRUE(Decided().resolves);
  memory.is_resolving = true;
  const Decision waiting = Settle();

  EXPECT_FALSE(waiting.resolves);
  EXPECT_EQ(waiting.status.phase, "Resolving");
  EXPECT_THAT(waiting.jobs, IsEmpty());
  Answer("quay.io/team/app:1\n");
  const Decision known = Settle();
  EXPECT_FALSE(known.resolves);
  EXPECT_EQ(known.look_again, absl::InfiniteFuture());
  EXPECT_EQ(ListOfJob(), "quay.io/team/app:1\n");
  EXPECT_EQ(prepull.status.resolved_at, "2026-01-02T03:04:05Z");
}

TEST_F(SourcesTest, AreAskedAgainWhenTheirTimeHasCome) {
  prepull.spec->refresh_interval = absl::Hours(1);
  Begin();

  const Decision before = Decided();
  now += absl::Hours(1);

  EXPECT_FALSE(before.resolves);
  EXPECT_EQ(before.look_again, now);
  EXPECT_TRUE(Decided().resolves);
}

TEST_F(SourcesTest, AnotherListReplacesTheOld) {
  prepull.spec->refresh_interval = absl::Hours(1);
  Begin();
  EndJob("w001", 0);
  Settle();
  ASSERT_TRUE(IsTrue("Finished"));

  Answer("quay.io/team/app:2\n");
  Settle();

  EXPECT_EQ(ListOfJob(), "quay.io/team/app:2\n");
  EXPECT_FALSE(IsTrue("Finished"));
}

TEST_F(SourcesTest, WithoutAnAnswerTheLastGoodListIsKept) {
  prepull.spec->refresh_interval = absl::Hours(1);
  Begin();

  Answer(away_);
  const Decision decision = Settle();

  EXPECT_EQ(decision.status.phase, "Pulling");
  EXPECT_EQ(ListOfJob(), "quay.io/team/app:1\n");
  EXPECT_EQ(Resolved().status, "True");
  EXPECT_EQ(Resolved().reason, "LastGoodList");
  EXPECT_THAT(Resolved().message, HasSubstr("spec.sources[0]: away"));
  EXPECT_EQ(decision.look_again, now + absl::Minutes(1));
}

TEST_F(SourcesTest, WithoutAnAnswerAndAListTheyAreAskedAgain) {
  Step();
  Answer(away_);

  const Decision decision = Settle();

  EXPECT_EQ(decision.status.phase, "Resolving");
  EXPECT_EQ(decision.status.message, "spec.sources[0]: away");
  EXPECT_FALSE(IsTrue("Finished"));
  EXPECT_FALSE(decision.resolves);
  now += absl::Minutes(1);
  EXPECT_TRUE(Decided().resolves);
}

// Else kubectl would show an end and a beginning each minute.
TEST_F(SourcesTest, AMalformedOneStaysFailedWhileItIsAskedAgain) {
  Step();
  Answer(malformed_);
  Settle();
  EXPECT_EQ(prepull.status.phase, "Failed");

  now += absl::Minutes(1);
  const Decision decision = Step();

  EXPECT_TRUE(decision.resolves);
  EXPECT_EQ(prepull.status.phase, "Failed");
  memory.is_resolving = true;
  Step();
  EXPECT_TRUE(IsTrue("Finished"));
}

TEST_F(SourcesTest, ANewControllerTakesTheListThatIsThere) {
  Begin();
  const int before = made_jobs;
  ForgetAll();

  const Decision decision = Settle();

  EXPECT_FALSE(decision.resolves);
  EXPECT_EQ(made_jobs, before);
  EXPECT_THAT(Jobs(), SizeIs(1));
  EXPECT_EQ(prepull.status.resolved_at, "2026-01-02T03:04:05Z");
}

TEST_F(SourcesTest, AnAnswerToOtherSourcesIsNone) {
  Begin();

  EditSources();
  const Decision decision = Step();

  EXPECT_TRUE(decision.resolves);
  EXPECT_EQ(decision.status.phase, "Resolving");
}

TEST_F(SourcesTest, AfterAnEditTheLastGoodListIsKeptToo) {
  Begin();
  EditSources();
  Settle();

  Answer(away_);
  const Decision decision = Settle();

  EXPECT_EQ(decision.status.phase, "Pulling");
  EXPECT_EQ(Resolved().reason, "LastGoodList");
  EXPECT_EQ(ListOfJob(), "quay.io/team/app:1\n");
}

// What was resolved from other sources must not be taken for these.
TEST_F(SourcesTest, TheLastGoodListDoesNotEndTheAsking) {
  Begin();
  EditSources();
  Settle();
  Answer(away_);
  Settle();

  ForgetAll();

  EXPECT_TRUE(Step().resolves);
}

TEST_F(SourcesTest, AnAnswerThatIsNotAllowedSaysWhy) {
  Step();
  Answer("quay.io/team/app:1 secret=admin\n");

  const Decision decision = Settle();

  EXPECT_EQ(decision.status.phase, "Failed");
  EXPECT_THAT(decision.status.message, HasSubstr("Secret \"admin\""));
}

}  // namespace
}  // namespace prepull
