#include "prepull/base/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::MatchesRegex;
using ::testing::Ne;

std::vector<double> Rolled(const RollDice& dice, int count) {
  std::vector<double> rolled(count);
  std::generate(rolled.begin(), rolled.end(), dice);
  return rolled;
}

TEST(RandomHexTest, HasTwoLowerCaseDigitsAByte) {
  EXPECT_THAT(RandomHex(8), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_THAT(RandomHex(0), IsEmpty());
}

TEST(RandomHexTest, IsAnotherOneEachTime) {
  EXPECT_THAT(RandomHex(8), Ne(RandomHex(8)));
}

TEST(SystemDiceTest, RollsFromZeroToJustBelowOne) {
  EXPECT_THAT(Rolled(SystemDice(), 1000), Each(AllOf(Ge(0.0), Lt(1.0))));
}

TEST(SystemDiceTest, RollsAcrossTheWholeRange) {
  const std::vector<double> rolled = Rolled(SystemDice(), 1000);

  EXPECT_THAT(*std::min_element(rolled.begin(), rolled.end()), Lt(0.1));
  EXPECT_THAT(*std::max_element(rolled.begin(), rolled.end()), Gt(0.9));
}

TEST(SystemDiceTest, TwoDiceRollDifferently) {
  EXPECT_THAT(Rolled(SystemDice(), 3), Ne(Rolled(SystemDice(), 3)));
}

}  // namespace
}  // namespace prepull
