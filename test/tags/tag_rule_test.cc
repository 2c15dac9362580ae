#include "prepull/tags/tag_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Tags = std::vector<std::string>;

absl::StatusOr<std::vector<SelectedTag>> Select(absl::string_view rule,
                                                const Tags& tags) {
  const absl::StatusOr<TagRule> parsed =
      TagRule::Parse(absl::StrCat("quay.io/team/app ", rule));
  if (!parsed.ok()) return parsed.status();
  return parsed->Select(tags);
}

// What `rule` selects: the tags joined by blanks, aliases with a '!' behind
// them, or the error.
std::string Selected(absl::string_view rule, const Tags& tags) {
  const absl::StatusOr<std::vector<SelectedTag>> selected = Select(rule, tags);
  if (!selected.ok()) return std::string(selected.status().message());
  return absl::StrJoin(*selected, " ",
                       [](std::string* out, const SelectedTag& tag) {
                         absl::StrAppend(out, tag.tag, tag.is_alias ? "!" : "");
                       });
}

std::string RuleErrorOf(absl::string_view rule) {
  const absl::StatusOr<TagRule> parsed = TagRule::Parse(rule);
  EXPECT_THAT(parsed, StatusIs(absl::StatusCode::kInvalidArgument)) << rule;
  return std::string(parsed.status().message());
}

TEST(TagRuleTest, KeepsTheTextOfTheRepository) {
  const absl::StatusOr<TagRule> rule = TagRule::Parse(" busybox\tsemver:* ");

  ASSERT_THAT(rule, IsOk());
  EXPECT_EQ(rule->repository().text(), "busybox");
  EXPECT_EQ(rule->repository().repository(), "docker.io/library/busybox");
}

// cachemachine takes what stands behind the port for the tag.
TEST(TagRuleTest, KnowsAPortFromATag) {
  const absl::StatusOr<TagRule> rule =
      TagRule::Parse("registry.lab:5000/lsst/lab rubin weeklies=1");

  ASSERT_THAT(rule, IsOk());
  EXPECT_EQ(rule->repository().repository(), "registry.lab:5000/lsst/lab");
}

TEST(TagRuleTest, TakesTheNewestVersionsOfARange) {
  const Tags tags = {"v1.2.0", "1.2.10",      "1.2.9", "1.3.0", "1.2",
                     "latest", "1.2.11-rc.1", "0.9.0", "1.2.2"};

  EXPECT_EQ(Selected("semver:~1.2 newest:3", tags), "1.2.10 1.2.9 1.2.2");
  EXPECT_EQ(Selected("newest:1 semver:*", tags), "1.3.0");
  EXPECT_EQ(Selected("semver:>=0.5,<1.2.3", tags), "1.2.2 v1.2.0 0.9.0");
}

TEST(TagRuleTest, TakesPrereleasesOnRequestOnly) {
  const Tags tags = {"2.0.0-rc.1", "1.2.1-rc.2", "1.2.1-rc.10", "1.2.0"};

  EXPECT_EQ(Selected("semver:*", tags), "1.2.0");
  EXPECT_EQ(Selected("semver:* prerelease", tags),
            "2.0.0-rc.1 1.2.1-rc.10 1.2.1-rc.2 1.2.0");
  EXPECT_EQ(Selected("semver:>=1.2.1-rc.3,<2", tags), "1.2.1-rc.10");
}

TEST(TagRuleTest, TakesOneTagOfAVersion) {
  const Tags tags = {"1.2.3",      "v1.2.3",    "1.2.3_b.9",
                     "1.2.3_b.10", "1.2.2_b.9", "1.2.2_b.10"};

  EXPECT_EQ(Selected("semver:* newest:2", tags), "v1.2.3 1.2.2_b.10");
  EXPECT_EQ(Selected("semver:1.2.3 variants=all", tags),
            "v1.2.3 1.2.3_b.9 1.2.3_b.10 1.2.3");
}

TEST(TagRuleTest, OrdersByTheGroupsOfARegularExpression) {
  const Tags tags = {"v1.9", "v1.10", "v2.0", "v1.10-debug", "x1.11", "v0.1"};

  EXPECT_EQ(Selected(R"(regex:^v(\d+)\.(\d+)$ newest:3)", tags),
            "v2.0 v1.10 v1.9");
  EXPECT_EQ(Selected(R"(regex:^v\d+\.(\d+) newest:2)", tags),
            "v1.10-debug v1.10");
  EXPECT_EQ(Selected("regex:^v(1)?", {"v1", "v2", "v3"}), "v1 v3 v2");
  EXPECT_EQ(Selected("regex:^.(.*)$", {"x9", "x10", "x1a"}), "x1a x10 x9");
}

TEST(TagRuleTest, OrdersByTheTagWithoutGroups) {
  EXPECT_EQ(Selected("regex:20 newest:2", {"2024", "20230", "1999", "200"}),
            "20230 2024");
}

TEST(TagRuleTest, LeavesOutWhatIsExcluded) {
  const Tags tags = {"1.2.3", "1.2.4", "1.2.5", "1.2.50"};

  EXPECT_EQ(Selected("semver:* exclude:5$ exclude:^1.2.4", tags),
            "1.2.50 1.2.3");
  EXPECT_EQ(Selected("rubin alias=a,b,c exclude:b", {"a", "b", "c"}), "c! a!");
}

TEST(TagRuleTest, SelectsAsCachemachineDoes) {
  const Tags tags = {"d_2021_05_26",  "d_2021_05_27", "d_2021_05_28",
                     "exp_w_2021_22", "latest",       "r170",
                     "r21_0_1",       "r22_0_0_rc1",  "r22_0_0",
                     "recommended",   "w_2021_10",    "w_2021_22",
                     "w_2021_9",      "experimental", "unknown"};

  EXPECT_EQ(
      Selected("rubin releases=2 weeklies=2 dailies=1 recommended=recommended "
               "alias=experimental,latest alias=gone",
               tags),
      "recommended! latest! experimental! r22_0_0 r21_0_1 w_2021_22 w_2021_10 "
      "d_2021_05_28");
  EXPECT_EQ(Selected("rubin weeklies=9", tags), "w_2021_22 w_2021_10 w_2021_9");
  EXPECT_EQ(Selected("rubin releases=9", tags), "r22_0_0 r21_0_1 r170");
}

// cachemachine puts rc2 above rc10.
TEST(TagRuleTest, PutsTheTenthCandidateAboveTheSecond) {
  EXPECT_EQ(Selected("rubin candidates=9",
                     {"r22_0_0_rc1", "r22_0_0_rc10", "r22_0_0_rc2", "r22_0_0"}),
            "r22_0_0_rc10 r22_0_0_rc2 r22_0_0_rc1");
}

// In cachemachine each of them takes a slot of the weeklies.
TEST(TagRuleTest, CountsTheVariantsOfABuildOnce) {
  const Tags tags = {"w_2021_22_c0021.003", "w_2021_22_csal0021.003",
                     "w_2021_22_20210514",  "w_2021_022",
                     "w_2021_22",           "w_2021_21_c0021.9",
                     "w_2021_21_c0021.10",  "w_2021_21_c0021.10_x",
                     "w_2021_20_x",         "w_2021_20_y"};

  EXPECT_EQ(Selected("rubin weeklies=3", tags),
            "w_2021_22 w_2021_21_c0021.10 w_2021_20_y");
  EXPECT_EQ(Selected("rubin weeklies=5 variants=all", tags),
            "w_2021_22_csal0021.003 w_2021_22_c0021.003 w_2021_22_20210514 "
            "w_2021_22 w_2021_022");
}

TEST(TagRuleTest, KeepsToOneCycle) {
  const Tags tags = {"w_2021_24", "w_2021_23_c0021.001", "w_2021_22_c0020.001",
                     "w_2021_22_c0020.002", "w_2021_21_csal20.1"};

  EXPECT_EQ(Selected("rubin weeklies=9 cycle=20", tags),
            "w_2021_22_c0020.002 w_2021_21_csal20.1");
}

// cachemachine drops it until an image of the cycle is on the nodes.
TEST(TagRuleTest, TakesTheRecommendedTagWhateverTheCycle) {
  EXPECT_EQ(Selected("rubin weeklies=1 cycle=20 recommended=recommended",
                     {"recommended", "w_2021_22_c0020.001"}),
            "recommended! w_2021_22_c0020.001");
}

TEST(TagRuleTest, TakesAnAliasForNoBuild) {
  EXPECT_EQ(Selected("rubin weeklies=1 recommended=w_2021_22 alias=w_2021_22",
                     {"w_2021_22", "w_2021_21"}),
            "w_2021_22! w_2021_21");
}

TEST(TagRuleTest, SaysThatNoTagFits) {
  EXPECT_THAT(
      Select("semver:~9", {"1.2.3", "latest"}),
      StatusIs(absl::StatusCode::kNotFound,
               "none of 2 tags matches \"quay.io/team/app semver:~9\""));
  EXPECT_THAT(Select("rubin alias=latest", {}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none of 0")));
}

TEST(TagRuleTest, PassesOverWhatIsNoTag) {
  const Tags tags = {"",
                     "\xFF\xFE",
                     std::string(129, '1'),
                     "1.2.4/../x",
                     "1.2.4@sha256:0",
                     ".1",
                     "1.2.4 ",
                     std::string("1.2.4\0", 6),
                     "1.2.3"};

  EXPECT_EQ(Selected("semver:*", tags), "1.2.3");
  EXPECT_EQ(Selected("regex:.", tags), "1.2.3");
}

TEST(TagRuleTest, ComparesNumbersOfAnyLength) {
  const std::string nines(100, '9');

  EXPECT_EQ(
      Selected("rubin weeklies=2", {"w_99999999999999999999_1",
                                    "w_100000000000000000000_1", "w_2021_22"}),
      "w_100000000000000000000_1 w_99999999999999999999_1");
  EXPECT_EQ(Selected("regex:(\\d+) newest:1", {"8", nines, "9"}), nines);
}

TEST(TagRuleTest, MatchesHostilePatternsInTime) {
  const Tags tags(1000, std::string(128, 'a'));

  EXPECT_THAT(Select("regex:^(a|aa)+$", tags), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(Select("regex:(.*)(.*)(.*)(.*)(.*)[^a]$", tags),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(TagRuleTest, SelectsTheSameWhateverTheOrder) {
  std::mt19937 dice(6);
  Tags tags;
  for (int i = 0; i < 500; ++i) {
    tags.push_back(absl::StrCat(dice() % 2 == 0 ? "v" : "", dice() % 3, ".",
                                dice() % 12, ".", dice() % 3));
    tags.push_back(
        absl::StrCat("w_2021_", dice() % 60, dice() % 2 == 0 ? "_c20.1" : ""));
  }
  for (const absl::string_view rule :
       {"semver:>0.5 newest:20", "semver:* variants=all",
        R"(regex:^v?(\d+)\.\d+\.(\d+)$)", "rubin weeklies=30"}) {
    const std::string expected = Selected(rule, tags);
    for (int round = 0; round < 5; ++round) {
      std::shuffle(tags.begin(), tags.end(), dice);

      ASSERT_EQ(Selected(rule, tags), expected) << rule;
    }
  }
}

TEST(TagRuleTest, RefusesAMalformedRepository) {
  EXPECT_EQ(RuleErrorOf(""), "rule: empty");
  EXPECT_EQ(RuleErrorOf("quay.io/Team/app semver:*"),
            "\"quay.io/Team/app\": repository must be "
            "lowercase");
  EXPECT_EQ(RuleErrorOf("quay.io/team/app:1 semver:*"),
            "\"quay.io/team/app:1\": has a tag or a digest: expected "
            "a repository");
  EXPECT_EQ(RuleErrorOf(std::string(4097, 'a')),
            "rule: longer than 4096 bytes");
}

TEST(TagRuleTest, NamesTheWordThatIsWrong) {
  struct Row {
    absl::string_view rule = "";
    absl::string_view error = "";
  };
  const Row rows[] = {
      {"", "order is missing: expected one of semver:, regex:, rubin"},
      {"newest:3", "order is missing: expected one of semver:, regex:, rubin"},
      {"semver:* newst:3",
       "\"newst:3\": unknown word: expected one of semver:, regex:, rubin, "
       "newest:, "
       "prerelease, exclude:, variants=, releases=, candidates=, weeklies=, "
       "dailies=, cycle=, recommended=, alias="},
      {"semver:~1.b",
       "\"semver:~1.b\": invalid version \"1.b\": expected e.g. 1.2, "
       "1.2.x or 1.2.3"},
      {"semver:", "\"semver:\": value is missing"},
      {"semver:* regex:a", "\"regex:\": second order: expected one"},
      {"semver:1 semver:2", "\"semver:2\": given twice"},
      {"semver:* newest:0",
       "\"newest:0\": expected a number from 1 to 1000000"},
      {"semver:* newest:99999999999999999999",
       "\"newest:99999999999999999999\": expected a number from 1 to 1000000"},
      {"semver:* releases=1", "\"releases=\": only valid with rubin"},
      {"rubin newest:1", "\"newest:\": only valid with semver: or regex:"},
      {"regex:a prerelease", "\"prerelease\": only valid with semver:"},
      {"semver:* variants=some", "\"variants=some\": expected one or all"},
      {"regex:(", "\"regex:(\": invalid regular expression: missing ): ("},
      {"semver:* exclude:[",
       "\"exclude:[\": invalid regular expression: missing ]: ["},
      {R"(regex:(a)\1)",
       R"("regex:(a)\1": invalid regular expression: invalid escape sequence: \1)"},
      {"rubin", "\"rubin\": no tags asked for: expected e.g. releases=2"},
      {"rubin releases=0",
       "\"rubin\": no tags asked for: expected e.g. releases=2"},
      {"rubin releases=-1",
       "\"releases=-1\": expected a number from 0 to 1000000"},
      {"rubin releases=1 cycle=c20", "\"cycle=c20\": expected a number"},
      {"rubin alias=a,,b", "\"\": invalid tag"},
      {"rubin recommended=a/b", "\"a/b\": invalid tag"},
      {"rubinx", "\"rubinx\": unknown word"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(RuleErrorOf(absl::StrCat("quay.io/team/app ", row.rule)),
                ::testing::StartsWith(std::string(row.error)));
  }
  EXPECT_THAT(RuleErrorOf(absl::StrCat("a regex:", std::string(17, '('),
                                       std::string(17, ')'))),
              HasSubstr("more than 16 groups"));
  EXPECT_THAT(RuleErrorOf("a regex:((((a{100}){100}){100}){100})"),
              HasSubstr("invalid regular expression"));
}

}  // namespace
}  // namespace prepull
