#include "src/controller/rollout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/controller/fleet_fixture.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

// A letter is a node: . not started, u unreachable, r running, o its Job is of
// an older list, s succeeded, f failed, t timed out, x there is no such node.
class RolloutTest : public testing::Test {
 protected:
  std::vector<NodeFate> FatesFrom(absl::string_view letters) const {
    std::vector<NodeFate> fates;
    for (const char letter : letters) {
      NodeFate fate = {.chosen = {.name = absl::StrCat("w", fates.size())}};
      switch (letter) {
        case 'u':
          fate.verdict.state = NodeState::kUnreachable;
          break;
        case 'r':
          fate.verdict.state = NodeState::kActive;
          fate.job = &job_;
          break;
        case 'o':
          fate.verdict.state = NodeState::kPreparing;
          fate.job = &job_;
          break;
        case 's':
          fate.verdict.state = NodeState::kSucceeded;
          break;
        case 't':
          fate.verdict.state = NodeState::kTimedOut;
          break;
        case 'f':
          fate.verdict.state = NodeState::kFailed;
          break;
        case 'x':
          fate.verdict.state = NodeState::kFailed;
          fate.chosen.why_not = "there is no such node";
          break;
        default:
          break;
      }
      fate.has_ended =
          absl::string_view("stfx").find(letter) != absl::string_view::npos;
      fates.push_back(std::move(fate));
    }
    return fates;
  }

  static int64_t JobsIn(absl::string_view letters) {
    return std::count_if(letters.begin(), letters.end(),
                         [](char c) { return c == 'r' || c == 'o'; });
  }

  // The letters of the nodes after the next have begun.
  std::string After(const std::string& letters) const {
    const std::vector<NodeFate> fates = FatesFrom(letters);
    std::string after = letters;
    for (const NodeFate* fate : NextNodes(spec_, fates, JobsIn(letters)).next) {
      after[static_cast<size_t>(fate - fates.data())] = 'r';
    }
    return after;
  }
  std::string Paused(const std::string& letters) const {
    return NextNodes(spec_, FatesFrom(letters), JobsIn(letters)).paused;
  }
  std::string Wave(const std::string& letters) const {
    return NextNodes(spec_, FatesFrom(letters), JobsIn(letters)).wave;
  }

  PrepullSpec spec_ = {.concurrency = {.number = 3}};
  const JobView job_ = {};
};

struct RolloutRow {
  std::string before;
  std::string after;
};

TEST_F(RolloutTest, AsManyNodesAsTheConcurrencyPullAtOnce) {
  for (const RolloutRow& row : std::vector<RolloutRow>{
           {"", ""},
           {"..", "rr"},
           {".....", "rrr.."},
           {"r....", "rrr.."},
           {"rrr..", "rrr.."},
           {"srs..", "srsrr"},
           // More than there should be, after an edit.
           {"rrrr.", "rrrr."},
           // The Job of an older list is still in the way.
           {"oo...", "oor.."},
           {"sssss", "sssss"},
       }) {
    EXPECT_EQ(After(row.before), row.after) << row.before;
  }
}

TEST_F(RolloutTest, AShareIsOfAllNodesOfThePrepull) {
  spec_.concurrency = {.number = 25, .is_percent = true};

  EXPECT_EQ(After("......"), "rr....");
  EXPECT_EQ(After("."), "r");
  EXPECT_EQ(After("ssss.u.."), "ssssrur.");
}

TEST_F(RolloutTest, NodesThatAreNotReadyArePassedOver) {
  EXPECT_EQ(After("uuuuu..."), "uuuuurrr");
  EXPECT_EQ(After("uuuuu"), "uuuuu");
  EXPECT_EQ(Paused("uuuuu"), "");
}

TEST_F(RolloutTest, WhileItIsSuspendedNoNodeBegins) {
  spec_.is_suspended = true;

  EXPECT_EQ(After("r...."), "r....");
}

TEST_F(RolloutTest, TooManyFailuresPauseIt) {
  spec_.failure_tolerate = 0.2;
  for (const auto& [letters, is_paused] :
       std::vector<std::pair<std::string, bool>>{
           {"f....", false},
           {"ff...", true},
           {"ft...", true},
           {"xx...", true},
           {"ffr..", true},
           // Nothing is left to hold back.
           {"fffff", false},
           {"ffsss", false},
       }) {
    EXPECT_EQ(!Paused(letters).empty(), is_paused) << letters;
  }
  EXPECT_EQ(After("ff..."), "ff...");
  EXPECT_EQ(Paused("ff..."), "2 of 5 nodes failed, and failureTolerate is 0.2");
}

TEST_F(RolloutTest, ToleratesNoFailureOrAll) {
  spec_.failure_tolerate = 0;
  EXPECT_NE(Paused("f...."), "");
  spec_.failure_tolerate = 1;
  EXPECT_EQ(Paused("ffff."), "");
}

// 0.29 * 100 is less than 29.
TEST_F(RolloutTest, AShareThatIsToleratedIsToleratedExactly) {
  spec_.failure_tolerate = 0.29;

  EXPECT_EQ(Paused(std::string(29, 'f') + std::string(71, '.')), "");
  EXPECT_NE(Paused(std::string(30, 'f') + std::string(70, '.')), "");
}

class WaveTest : public RolloutTest {
 protected:
  WaveTest() {
    spec_.concurrency = {.number = 100};
    spec_.waves = {{.number = 1}, {.number = 50, .is_percent = true}};
  }
};

TEST_F(WaveTest, EachBeginsWhenTheOneBeforeHasEnded) {
  for (const RolloutRow& row : std::vector<RolloutRow>{
           {"........", "r......."},
           {"r.......", "r......."},
           {"s.......", "srrr...."},
           {"srs.....", "srsr...."},
           {"srss....", "srss...."},
           // The rest is a wave of its own.
           {"ssss....", "ssssrrrr"},
       }) {
    EXPECT_EQ(After(row.before), row.after) << row.before;
  }
  EXPECT_EQ(Wave("........"), "wave 1 of 3");
  EXPECT_EQ(Wave("s......."), "wave 2 of 3");
  EXPECT_EQ(Wave("ssss...."), "wave 3 of 3");
}

TEST_F(WaveTest, TheConcurrencyHoldsWithinEach) {
  spec_.concurrency = {.number = 2};

  EXPECT_EQ(After("s......."), "srr.....");
  EXPECT_EQ(After("ssss...."), "ssssrr..");
}

TEST_F(WaveTest, AFailingCanaryStopsTheRest) {
  spec_.failure_tolerate = 0.5;

  EXPECT_EQ(After("f......."), "f.......");
  EXPECT_EQ(Paused("f......."),
            "wave 1 of 3: 1 of 1 node failed, and failureTolerate is 0.5");
}

TEST_F(WaveTest, ATolerableWaveIsFollowedByTheNext) {
  spec_.failure_tolerate = 0.25;

  EXPECT_EQ(After("sfss...."), "sfssrrrr");
  EXPECT_THAT(Paused("sffs...."), HasSubstr("wave 2 of 3: 2 of 4 nodes"));
  // It is looked at when it has ended.
  EXPECT_EQ(Paused("sffr...."), "");
}

TEST_F(WaveTest, NodesThatAreNotReadyDoNotHoldOneUp) {
  EXPECT_EQ(After("u......."), "ur......");
  EXPECT_EQ(After("us......"), "usrrr...");
}

TEST_F(WaveTest, NodesThatDoNotExistAreInNone) {
  spec_.failure_tolerate = 0.5;

  EXPECT_EQ(After("x........"), "xr.......");
  EXPECT_EQ(After("xs......."), "xsrrr....");
}

TEST_F(WaveTest, WithoutAnyThereIsNoneToTellOf) {
  spec_.waves.clear();

  EXPECT_EQ(Wave("...."), "");
  EXPECT_EQ(After("...."), "rrrr");
}

TEST_F(RolloutTest, ThereAreNeverMoreJobsThanTheConcurrency) {
  std::mt19937 dice(7);  // NOLINT: the same each time
  const auto roll = [&dice](int sides) {
    return static_cast<int>(dice() % static_cast<unsigned>(sides));
  };
  for (int i = 0; i < 5000; ++i) {
    std::string letters;
    for (int n = roll(40); n > 0; --n) letters += "....uroostfx"[roll(12)];
    spec_.concurrency = {.number = 1 + roll(20), .is_percent = roll(2) == 0};
    spec_.failure_tolerate = roll(11) / 10.0;
    spec_.waves.clear();
    for (int n = roll(4); n > 0; --n) {
      spec_.waves.push_back({.number = 1 + roll(100), .is_percent = true});
    }
    const std::string after = After(letters);
    const int64_t most =
        std::max(spec_.concurrency.Of(static_cast<int64_t>(letters.size())),
                 JobsIn(letters));
    ASSERT_LE(JobsIn(after), most) << letters;
    ASSERT_TRUE(Paused(letters).empty() || after == letters) << letters;
  }
}

}  // namespace
}  // namespace prepull
