#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "prepull/catalog/channel.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr auto kMalformed = absl::StatusCode::kInvalidArgument;

// Few entries that replace and skip each other, and some that are not there.
std::vector<ChannelEntry> RandomChannel(std::mt19937& dice) {
  const auto random_name = [&] { return absl::StrCat("b", dice() % 7); };
  std::vector<ChannelEntry> entries(dice() % 6);
  for (ChannelEntry& entry : entries) {
    entry.name = random_name();
    if (dice() % 3 != 0) entry.replaces = random_name();
    entry.skips.resize(dice() % 3);
    for (std::string& skip : entry.skips) skip = random_name();
  }
  return entries;
}

bool IsLeftBehind(const std::string& name,
                  const std::vector<ChannelEntry>& entries) {
  for (const ChannelEntry& entry : entries) {
    if (entry.replaces == name) return true;
    for (const std::string& skip : entry.skips) {
      if (skip == name) return true;
    }
  }
  return false;
}

// Every entry held against every other one.
std::set<std::string> HeadsOf(const std::vector<ChannelEntry>& entries) {
  std::set<std::string> heads;
  for (const ChannelEntry& entry : entries) {
    if (!IsLeftBehind(entry.name, entries)) heads.insert(entry.name);
  }
  return heads;
}

TEST(ChannelHeadTest, IsTheEntryThatNothingReplaces) {
  EXPECT_THAT(ChannelHead({{.name = "op.v1.0.0"},
                           {.name = "op.v1.2.0", .replaces = "op.v1.1.0"},
                           {.name = "op.v1.1.0", .replaces = "op.v1.0.0"}}),
              IsOkAndHolds("op.v1.2.0"));
  EXPECT_THAT(ChannelHead({{.name = "op.v1.0.0", .replaces = "op.v0.9.0"}}),
              IsOkAndHolds("op.v1.0.0"));
}

// TALM's script takes op.v1.0.1, which stands last and is skipped.
TEST(ChannelHeadTest, IsNoSkippedEntry) {
  EXPECT_THAT(ChannelHead({{.name = "op.v1.0.2",
                            .replaces = "op.v1.0.0",
                            .skips = {"op.v1.0.1"}},
                           {.name = "op.v1.0.1", .replaces = "op.v1.0.0"},
                           {.name = "op.v1.0.0"}}),
              IsOkAndHolds("op.v1.0.2"));
}

// Those of TALM's test_parse_index.py; its empty channel is an error here.
TEST(ChannelHeadTest, IsTheOneOfTalmsOwnRows) {
  struct Row {
    std::vector<ChannelEntry> entries = {};
    std::string head = "";
  };
  const Row rows[] = {
      {{{.name = "v1.0.0"},
        {.name = "v1.0.1", .replaces = "v1.0.0"},
        {.name = "v1.0.2", .replaces = "v1.0.1"}},
       "v1.0.2"},
      {{{.name = "v1.0.0"},
        {.name = "v1.0.3", .replaces = "v1.0.2"},
        {.name = "v1.0.2", .replaces = "v1.0.0"}},
       "v1.0.3"},
      {{{.name = "v1.0.0"},
        {.name = "v1.0.1", .replaces = "v1.0.0"},
        {.name = "v1.0.2", .replaces = "v1.0.0", .skips = {"v1.0.1"}}},
       "v1.0.2"},
      {{{.name = "v1.0.0"}}, "v1.0.0"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(ChannelHead(row.entries), IsOkAndHolds(row.head));
  }
}

TEST(ChannelHeadTest, MayBeListedTwice) {
  EXPECT_THAT(ChannelHead({{.name = "op.v1"}, {.name = "op.v1"}}),
              IsOkAndHolds("op.v1"));
}

// TALM's script takes the last of them.
TEST(ChannelHeadTest, NamesTheCandidatesIfThereAreSeveral) {
  EXPECT_THAT(
      ChannelHead({{.name = "op.v2", .replaces = "op.v1"},
                   {.name = "op.v1"},
                   {.name = "op.v3"}}),
      StatusIs(kMalformed, "channel has 2 heads: expected one: op.v2, op.v3"));
}

TEST(ChannelHeadTest, NamesTheEntriesIfThereIsNone) {
  EXPECT_THAT(ChannelHead({{.name = "op.v1", .replaces = "op.v2"},
                           {.name = "op.v2", .replaces = "op.v1"}}),
              StatusIs(kMalformed,
                       "channel has no head: each entry is replaced or "
                       "skipped: op.v1, op.v2"));
  EXPECT_THAT(ChannelHead({{.name = "a", .replaces = "a"}}),
              StatusIs(kMalformed));
  EXPECT_THAT(ChannelHead({}), StatusIs(kMalformed, "channel is empty"));
}

TEST(ChannelHeadTest, NamesNoMoreThanCanBeRead) {
  std::vector<ChannelEntry> entries;
  for (int i = 0; i < 5000; ++i) {
    entries.push_back({.name = absl::StrCat(i, std::string(1000, 'x'))});
  }

  const absl::StatusOr<std::string> head = ChannelHead(entries);

  EXPECT_THAT(head,
              StatusIs(kMalformed, AllOf(HasSubstr("channel has 5000 heads"),
                                         HasSubstr(" more"))));
  EXPECT_LT(head.status().message().size(), 2000);
}

TEST(ChannelHeadTest, IsFoundAmongTenThousandEntriesThatSkipManyEach) {
  std::vector<ChannelEntry> entries;
  for (int i = 0; i < 10000; ++i) {
    ChannelEntry entry = {.name = absl::StrCat("op.v", i)};
    if (i > 0) entry.replaces = absl::StrCat("op.v", i - 1);
    for (int j = 2; j < 50; ++j) {
      entry.skips.push_back(absl::StrCat("op.v", i - j));
    }
    entries.push_back(std::move(entry));
  }

  EXPECT_THAT(ChannelHead(entries), IsOkAndHolds("op.v9999"));
}

TEST(ChannelHeadTest, AgreesWithHoldingEveryEntryAgainstEveryOther) {
  std::mt19937 dice(6);
  int with_one_head = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::vector<ChannelEntry> entries = RandomChannel(dice);
    const std::set<std::string> expected = HeadsOf(entries);

    const absl::StatusOr<std::string> head = ChannelHead(entries);

    ASSERT_EQ(head.ok(), expected.size() == 1);
    if (head.ok()) {
      ASSERT_EQ(*head, *expected.begin());
      ++with_one_head;
    }
  }
  EXPECT_GT(with_one_head, 1000);
}

}  // namespace
}  // namespace prepull
