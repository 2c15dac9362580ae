#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepull/catalog/channel.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<ChannelEntry>& Channel() {
  static const auto& channel = *new std::vector<ChannelEntry>{
      {.name = "a", .version = "4.12.0-202301"},
      {.name = "b", .replaces = "a", .version = "4.12.3"},
      {.name = "c", .replaces = "b", .version = "4.13.0-rc.1"},
      {.name = "d", .replaces = "c", .version = "4.13.0"},
      {.name = "e", .replaces = "d", .version = "4.14.1+7"}};
  return channel;
}

absl::StatusOr<std::vector<std::string>> Chosen(absl::string_view versions) {
  const absl::StatusOr<CatalogVersions> parsed =
      CatalogVersions::Parse(versions);
  if (!parsed.ok()) return parsed.status();
  return parsed->Choose(Channel());
}

TEST(CatalogVersionsTest, ChoosesTheHead) {
  EXPECT_THAT(Chosen("head"), IsOkAndHolds(ElementsAre("e")));
}

TEST(CatalogVersionsTest, ChoosesAllOfThem) {
  EXPECT_THAT(Chosen("all"),
              IsOkAndHolds(ElementsAre("a", "b", "c", "d", "e")));
}

TEST(CatalogVersionsTest, ChoosesARange) {
  EXPECT_THAT(Chosen("4.12..4.13"),
              IsOkAndHolds(ElementsAre("a", "b", "c", "d")));
  EXPECT_THAT(Chosen("4.12.0..4.13.0-rc.1"),
              IsOkAndHolds(ElementsAre("b", "c")));
  EXPECT_THAT(Chosen("4.13.0..4.14.1"), IsOkAndHolds(ElementsAre("d", "e")));
  EXPECT_THAT(Chosen("4.13.."), IsOkAndHolds(ElementsAre("c", "d", "e")));
  EXPECT_THAT(Chosen("..4.12.3"), IsOkAndHolds(ElementsAre("a", "b")));
}

TEST(CatalogVersionsTest, NamesWhatThereIsIfTheRangeHoldsNothing) {
  EXPECT_THAT(Chosen("5..6"),
              StatusIs(absl::StatusCode::kNotFound,
                       "channel has no version within 5..6: 4.12.0-202301, "
                       "4.12.3, 4.13.0-rc.1, 4.13.0, 4.14.1+7"));
}

TEST(CatalogVersionsTest, NamesTheBundleWhoseVersionIsNone) {
  const std::vector<ChannelEntry> channel = {{.name = "op", .version = "new"}};

  EXPECT_THAT(
      CatalogVersions::Parse("1..2")->Choose(channel),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "bundle op: invalid version \"new\": expected e.g. 1.2.3"));
  EXPECT_THAT(CatalogVersions::Parse("all")->Choose(channel),
              IsOkAndHolds(ElementsAre("op")));
}

TEST(CatalogVersionsTest, ChoosesNothingFromAnEmptyChannel) {
  for (const absl::string_view versions : {"head", "all", "1..2"}) {
    EXPECT_THAT(
        CatalogVersions::Parse(versions)->Choose({}),
        StatusIs(absl::StatusCode::kInvalidArgument, "channel is empty"));
  }
}

TEST(CatalogVersionsTest, RefusesWhatIsNoRange) {
  for (const absl::string_view text :
       {"", "..", "4.12", "All", "heads", "1..2..3", "a..b", "1,2..3", "1 .. 2",
        "~1..2"}) {
    EXPECT_THAT(CatalogVersions::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
  EXPECT_THAT(
      CatalogVersions::Parse("newest"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "invalid value \"newest\": expected head, all or MIN..MAX"));
  EXPECT_THAT(CatalogVersions::Parse("1..b"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("\"1..b\": invalid version \"b\"")));
}

}  // namespace
}  // namespace prepull
