#include "prepull/tags/semver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

// The words of a version: "1 2 3 rc 1 | build", or "none".
std::string WordsOf(absl::string_view text) {
  const std::optional<Semver> version = ParseSemver(text);
  if (!version) return "none";
  return absl::StrCat(absl::StrJoin(version->rank, " "), " | ",
                      absl::StrJoin(version->build, " "));
}

int Compared(absl::string_view a, absl::string_view b) {
  return CompareWords(ParseSemver(a)->rank, ParseSemver(b)->rank);
}

bool Holds(absl::string_view range, absl::string_view version) {
  const absl::StatusOr<SemverRange> parsed = SemverRange::Parse(range);
  EXPECT_THAT(parsed, IsOk());
  return parsed->Includes(*ParseSemver(version));
}

TEST(SemverTest, ReadsThreeNumbersPrereleaseAndBuild) {
  EXPECT_EQ(WordsOf("1.2.3"), "1 2 3 ~ | ");
  EXPECT_EQ(WordsOf("v1.2.3"), "1 2 3 ~ | ");
  EXPECT_EQ(WordsOf("1.2.3-rc.1"), "1 2 3 rc 1 | ");
  EXPECT_EQ(WordsOf("1.2.3-rc-1.x"), "1 2 3 rc-1 x | ");
  EXPECT_EQ(WordsOf("1.2.3+build.5"), "1 2 3 ~ | build 5");
  EXPECT_EQ(WordsOf("1.2.3_build-5"), "1 2 3 ~ | build-5");
  EXPECT_EQ(WordsOf("1.2.3-rc.1_5"), "1 2 3 rc 1 | 5");
  EXPECT_EQ(WordsOf("2024.01.05"), "2024 01 05 ~ | ");
  EXPECT_EQ(WordsOf("1.2.99999999999999999999999"),
            "1 2 99999999999999999999999 ~ | ");
}

TEST(SemverTest, TakesNothingElse) {
  for (const absl::string_view text :
       {"",       "v",          "1",      "1.2",    "1.2.3.4",   "vv1.2.3",
        "V1.2.3", "1.2.x",      "1..3",   "1.2.",   ".1.2",      "latest",
        "1.2.3-", "1.2.3-a..b", "1.2.3_", "1.2.3+", "1.2.3_a_b", "1.2.3-a~b",
        "-1.2.3", "1.2.-3",     "1.2.3 ", "+",      "-"}) {
    EXPECT_EQ(WordsOf(text), "none") << text;
  }
}

// https://semver.org/#spec-item-11
TEST(SemverTest, OrdersAsTheSpecificationDoes) {
  const std::vector<absl::string_view> versions = {"0.9.9",
                                                   "1.0.0-alpha",
                                                   "1.0.0-alpha.1",
                                                   "1.0.0-alpha.beta",
                                                   "1.0.0-beta",
                                                   "1.0.0-beta.2",
                                                   "1.0.0-beta.11",
                                                   "1.0.0-rc.1",
                                                   "1.0.0",
                                                   "1.0.1",
                                                   "1.9.0",
                                                   "1.10.0",
                                                   "2.0.0-1",
                                                   "2.0.0-a",
                                                   "2.0.0",
                                                   "10.0.0",
                                                   "99999999999999999999.0.0"};

  for (size_t i = 1; i < versions.size(); ++i) {
    EXPECT_LT(Compared(versions[i - 1], versions[i]), 0) << versions[i];
  }
  EXPECT_EQ(Compared("v1.2.3_a", "1.02.3+b"), 0);
}

TEST(SemverRangeTest, HoldsWhatItSays) {
  struct Row {
    absl::string_view range = "";
    absl::string_view inside = "";
    absl::string_view outside = "";
  };
  const Row rows[] = {
      {"*", "0.0.0-a 99.0.0", ""},
      {"x", "1.2.3", ""},
      {"1", "1.0.0 1.9.9", "0.9.9 2.0.0"},
      {"1.x", "1.0.0 1.9.9", "0.9.9 2.0.0"},
      {"1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"},
      {"v1.2", "1.2.0", "1.3.0"},
      {"1.2.x", "1.2.0 1.2.9", "1.1.9 1.3.0"},
      {"1.2.*", "1.2.0 1.2.9", "1.1.9 1.3.0"},
      {"1.2.3", "1.2.3 1.2.3+5", "1.2.2 1.2.4 1.2.3-rc.1"},
      {"=1.2.3-rc.1", "1.2.3-rc.1", "1.2.3"},
      {"~1", "1.0.0 1.9.9", "2.0.0"},
      {"~1.2", "1.2.0 1.2.9", "1.1.9 1.3.0 1.3.0-rc.1"},
      {"~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0 1.2.3-rc.1"},
      {"~1.2.3-rc.2", "1.2.3-rc.10 1.2.3", "1.2.3-rc.1 1.3.0"},
      {"^1", "1.0.0 1.9.9", "0.9.9 2.0.0 2.0.0-rc.1"},
      {"^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"},
      {"^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0"},
      {"^0.0.3", "0.0.3", "0.0.2 0.0.4"},
      {"^0.0", "0.0.0 0.0.9", "0.1.0"},
      {"^0", "0.0.0 0.9.0", "1.0.0"},
      {"^*", "0.0.0 9.0.0", ""},
      {">=1.2", "1.2.0 2.0.0", "1.1.9"},
      {">=1.2.3", "1.2.3", "1.2.2 1.2.3-rc.1"},
      {">1.2", "1.3.0", "1.2.9 1.2.0"},
      {">1.2.3", "1.2.4 1.2.4-rc.1", "1.2.3 1.2.3-rc.1"},
      {"<=1.2", "1.2.9 0.0.1", "1.3.0"},
      {"<=1.2.3", "1.2.3 1.2.3-rc.1", "1.2.4"},
      {"<2", "1.9.9", "2.0.0 2.0.0-rc.1"},
      {"<2.0.0", "1.9.9", "2.0.0 2.0.0-rc.1"},
      {"<2.0.0-rc.2", "2.0.0-rc.1", "2.0.0-rc.2 2.0.0"},
      {"<*", "", "0.0.0"},
      {">=1.2,<1.5", "1.2.0 1.4.9", "1.1.9 1.5.0"},
      {">99999999999999999999", "100000000000000000000.0.0",
       "99999999999999999999.0.0 9223372036854775808.0.0"},
  };
  for (const Row& row : rows) {
    for (const absl::string_view version :
         absl::StrSplit(row.inside, ' ', absl::SkipEmpty())) {
      EXPECT_TRUE(Holds(row.range, version)) << row.range << " " << version;
    }
    for (const absl::string_view version :
         absl::StrSplit(row.outside, ' ', absl::SkipEmpty())) {
      EXPECT_FALSE(Holds(row.range, version)) << row.range << " " << version;
    }
  }
}

TEST(SemverRangeTest, KnowsWhetherItNamesAPrerelease) {
  EXPECT_TRUE(SemverRange::Parse(">=1.2.0-rc.1,<2")->names_prerelease());
  EXPECT_FALSE(SemverRange::Parse(">=1.2.0,<2")->names_prerelease());
  EXPECT_FALSE(SemverRange::Parse("*")->names_prerelease());
}

TEST(SemverRangeTest, RefusesWhatIsNoRangeAndNamesTheBound) {
  for (const absl::string_view text :
       {"",    ",",      "1,",  "~",    "^",  ">=",    "=>1",
        "==1", "!=1",    "~>1", "1.",   ".1", "1.x.3", "1.2.3.4",
        "a",   "1.2-rc", "1 2", ">= 1", "||", "v",     "1.2.3-"}) {
    EXPECT_THAT(SemverRange::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
  EXPECT_THAT(SemverRange::Parse(">=1.2,<abc"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("invalid version \"abc\"")));
}

TEST(SemverRangeTest, ReachesFromOneVersionToAnother) {
  const absl::StatusOr<SemverRange> range =
      SemverRange::Between("4.12", "4.14");

  ASSERT_THAT(range, IsOk());
  EXPECT_TRUE(range->Includes(*ParseSemver("4.12.0-202301")));
  EXPECT_TRUE(range->Includes(*ParseSemver("4.14.9")));
  EXPECT_FALSE(range->Includes(*ParseSemver("4.11.9")));
  EXPECT_FALSE(range->Includes(*ParseSemver("4.15.0-rc.1")));
  EXPECT_THAT(SemverRange::Between("~4", ""),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace prepull
