#include "prepull/catalog/package_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;

absl::StatusOr<std::vector<std::string>> ChannelsOf(absl::string_view text) {
  const absl::StatusOr<PackageRequest> package = ParsePackage(text, "f:1");
  if (!package.ok()) return package.status();
  EXPECT_EQ(package->name, "op");
  EXPECT_EQ(package->origin, "f:1");
  return package->channels;
}

std::string PackageErrorOf(absl::string_view text) {
  const absl::StatusOr<PackageRequest> package = ParsePackage(text, "f:1");
  EXPECT_THAT(package, StatusIs(absl::StatusCode::kInvalidArgument));
  return std::string(package.status().message());
}

TEST(PackageWordsTest, ReadsNameAndChannels) {
  EXPECT_THAT(ChannelsOf("op:stable"), IsOkAndHolds(ElementsAre("stable")));
  EXPECT_THAT(ChannelsOf("op:4.14,4.15,4.14"),
              IsOkAndHolds(ElementsAre("4.14", "4.15")));
  EXPECT_THAT(ChannelsOf(" op : a , b "), IsOkAndHolds(ElementsAre("a", "b")));
  EXPECT_THAT(ChannelsOf("  op:  a "), IsOkAndHolds(ElementsAre("a")));
}

TEST(PackageWordsTest, TakesNoChannelForTheDefaultOne) {
  EXPECT_THAT(ChannelsOf("op"), IsOkAndHolds(ElementsAre("")));
  EXPECT_THAT(ChannelsOf("op:"), IsOkAndHolds(ElementsAre("")));
  EXPECT_THAT(ChannelsOf("op: "), IsOkAndHolds(ElementsAre("")));
}

TEST(PackageWordsTest, NamesWhatIsMalformed) {
  EXPECT_EQ(PackageErrorOf(""), "f:1: \"\": package: empty");
  EXPECT_EQ(PackageErrorOf(":stable"), "f:1: \":stable\": package: empty");
  EXPECT_EQ(PackageErrorOf("op:a:b"),
            "f:1: \"op:a:b\": second ':': expected NAME[:CHANNEL,...]");
  EXPECT_EQ(PackageErrorOf("op:a,,b"), "f:1: \"op:a,,b\": channel: empty");
  EXPECT_EQ(PackageErrorOf("op:a,"), "f:1: \"op:a,\": channel: empty");
  EXPECT_EQ(PackageErrorOf("- op stable"),
            "f:1: \"- op stable\": package: invalid character: expected "
            "printable ASCII without blanks");
  EXPECT_EQ(PackageErrorOf("op:\xFF"),
            "f:1: \"op:\xEF\xBF\xBD\": channel: invalid character: "
            "expected printable ASCII without blanks");
  EXPECT_THAT(PackageErrorOf(std::string(254, 'a')),
              ::testing::EndsWith("package: longer than 253 bytes"));
}

TEST(PackageWordsTest, JoinsTheChannelsOfAPackage) {
  const std::vector<PackageRequest> unique =
      UniquePackages({{"op", {"a"}, "f:1"},
                      {"other", {""}, "f:2"},
                      {"op", {"b", "a"}, "f:3"},
                      {"op", {""}, "f:4"}});

  ASSERT_EQ(unique.size(), 2);
  EXPECT_EQ(unique[0].name, "op");
  EXPECT_THAT(unique[0].channels, ElementsAre("a", "b", ""));
  EXPECT_EQ(unique[0].origin, "f:1");
  EXPECT_EQ(unique[1].name, "other");
}

}  // namespace
}  // namespace prepull
