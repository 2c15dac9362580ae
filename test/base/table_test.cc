#include "prepull/base/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TableTest, PutsNumbersToTheRight) {
  EXPECT_EQ(Table({"NAME", ">N"}, {{"a", "1"}, {"b", "1000"}}, true),
            "NAME     N\n"
            "a        1\n"
            "b     1000\n");
}

TEST(TableTest, EndsNoLineInBlanks) {
  EXPECT_THAT(Table({"A", "LONG"}, {{"a", "x"}}, true), Not(HasSubstr(" \n")));
}

TEST(TableTest, ShowsADashForAnEmptyCell) {
  EXPECT_EQ(Table({"A", "B"}, {{"", "x"}}, false), "-  x\n");
}

}  // namespace
}  // namespace prepull
