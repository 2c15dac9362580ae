#include "src/tags/tag_ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace prepull {
namespace {

// "weekly 2021 22 | variant | cycle", or "none".
std::string Read(absl::string_view text) {
  constexpr absl::string_view kKinds[] = {"release", "candidate", "weekly",
                                          "daily"};
  const std::optional<RubinTag> tag = ParseRubinTag(text);
  if (!tag) return "none";
  EXPECT_EQ(tag->ranked.tag, text);
  return absl::StrCat(kKinds[static_cast<int>(tag->kind)], " ",
                      absl::StrJoin(tag->ranked.rank, " "), " | ",
                      absl::StrJoin(tag->ranked.variant, " "), " | ",
                      tag->cycle);
}

TEST(RubinTagTest, ReadsEveryKind) {
  EXPECT_EQ(Read("r21_0_1"), "release 21 0 1 | ~ | ");
  EXPECT_EQ(Read("r170"), "release 17 0 0 | ~ | ");
  EXPECT_EQ(Read("r22_0_0_rc1"), "candidate 22 0 0 1 | ~ | ");
  EXPECT_EQ(Read("w_2021_22"), "weekly 2021 22 | ~ | ");
  EXPECT_EQ(Read("d_2021_05_27"), "daily 2021 05 27 | ~ | ");
}

TEST(RubinTagTest, ReadsCycleAndOtherText) {
  EXPECT_EQ(Read("w_2021_22_c0020.001"), "weekly 2021 22 | 1 0020 001 | 0020");
  EXPECT_EQ(Read("d_2021_05_27_csal0020.001"),
            "daily 2021 05 27 | 1 0020 001 | 0020");
  EXPECT_EQ(Read("r22_0_0_rc1_c0020.001_20210513"),
            "candidate 22 0 0 1 | 0 0020 001 | 0020");
  EXPECT_EQ(Read("w_2021_22_20210514"), "weekly 2021 22 | 0   | ");
  EXPECT_EQ(Read("w_2021_22_"), "weekly 2021 22 | 0   | ");
  EXPECT_EQ(Read("r22_0_0_rcx"), "release 22 0 0 | 0   | ");
  EXPECT_EQ(Read("r22_0_0_rc1x"), "release 22 0 0 | 0   | ");
  EXPECT_EQ(Read("w_2021_22_c0020.001x"), "weekly 2021 22 | 0   | ");
  EXPECT_EQ(Read("w_2021_22_c0020"), "weekly 2021 22 | 0   | ");
}

TEST(RubinTagTest, ChecksNoCalendar) {
  EXPECT_EQ(Read("d_2021_13_45"), "daily 2021 13 45 | ~ | ");
  EXPECT_EQ(Read("w_99999999999999999999_1"),
            "weekly 99999999999999999999 1 | ~ | ");
}

TEST(RubinTagTest, TakesNothingElse) {
  for (const absl::string_view text :
       {"",           "r",        "r1",          "r17",           "r1700",
        "r17_0",      "R21_0_1",  "exp",         "exp_w_2021_22", "w_2021",
        "w_2021_",    "w_2021_a", "d_2021_05",   "d_2021_05_27x", "xw_2021_22",
        "w_2021_22x", "latest",   "recommended", "1.2.3",         "r170_1",
        "w_-1_2"}) {
    EXPECT_EQ(Read(text), "none") << text;
  }
}

}  // namespace
}  // namespace prepull
