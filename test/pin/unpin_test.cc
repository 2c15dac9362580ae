#include "prepull/pin/unpin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "test/support/fake_services.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// "REPOSITORY@sha256:aa…".
std::string At(const std::string& repository, char digit) {
  return absl::StrCat(repository, "@sha256:", std::string(64, digit));
}

std::vector<ImageRequest> Requests(const std::vector<std::string>& images) {
  std::vector<ImageRequest> requests;
  for (const std::string& image : images) {
    requests.push_back({image, "", Reference::Parse(image)});
  }
  return requests;
}

std::vector<PinnedRecord> Records(const std::vector<std::string>& names) {
  std::vector<PinnedRecord> records;
  for (const std::string& name : names)
    records.push_back({.name = name, .is_ours = true});
  return records;
}

// One image under two names of its own, and one with another.
Inventory Node() {
  return Inventory(
      {{.id = "sha256:11",
        .repo_tags = {"quay.io/a:1", "quay.io/b:1"},
        .repo_digests = {At("quay.io/a", 'a'), At("quay.io/b", 'a')}},
       {.id = "sha256:22",
        .repo_tags = {"quay.io/c:1"},
        .repo_digests = {At("quay.io/c", 'c')}}});
}

TEST(PinsOfTest, AreAllRecordsOfTheImageThatAreOurs) {
  const auto pins = PinsOf(Requests({"quay.io/a:1"}), Node(),
                           Records({"quay.io/a:1", At("quay.io/b", 'a'),
                                    "sha256:11", "quay.io/c:1"}));

  ASSERT_THAT(pins, SizeIs(1));
  EXPECT_EQ(pins[0].image, "quay.io/a:1");
  EXPECT_THAT(pins[0].records,
              ElementsAre("quay.io/a:1", At("quay.io/b", 'a'), "sha256:11"));
}

TEST(PinsOfTest, AreFreedOnceWhenAnImageIsNamedTwice) {
  EXPECT_THAT(PinsOf(Requests({"quay.io/a:1", "quay.io/b:1"}), Node(),
                     Records({"sha256:11"})),
              SizeIs(1));
}

TEST(PinsOfTest, AreNoneOfAnImageThatIsNotOnTheNode) {
  EXPECT_THAT(PinsOf(Requests({"quay.io/gone:1", "quay.io/Bad:1"}), Node(),
                     Records({"quay.io/a:1"})),
              IsEmpty());
}

TEST(PinsOfTest, KnowARecordThatTheRuntimeDoesNotList) {
  const auto pins =
      PinsOf(Requests({"broken"}), Node(),
             Records({"docker.io/library/broken:latest", "sha256:22"}));

  ASSERT_THAT(pins, SizeIs(1));
  EXPECT_THAT(pins[0].records, ElementsAre("docker.io/library/broken:latest"));
}

TEST(PinsNotInTest, AreThoseThatNoListedImageNeeds) {
  const auto pins =
      PinsNotIn(Requests({"quay.io/c:1"}), Node(),
                Records({"quay.io/a:1", At("quay.io/a", 'a'), "sha256:11",
                         "quay.io/c:1", At("quay.io/c", 'c'), "sha256:22"}));

  ASSERT_THAT(pins, SizeIs(1));
  EXPECT_EQ(pins[0].image, "quay.io/a:1");
  EXPECT_THAT(pins[0].records,
              ElementsAre("quay.io/a:1", At("quay.io/a", 'a'), "sha256:11"));
}

TEST(PinsNotInTest, KeepTheIdThatAListedImageShares) {
  const auto pins =
      PinsNotIn(Requests({"quay.io/a:1"}), Node(),
                Records({"quay.io/a:1", At("quay.io/a", 'a'), "quay.io/b:1",
                         At("quay.io/b", 'a'), "sha256:11"}));

  ASSERT_THAT(pins, SizeIs(1));
  EXPECT_EQ(pins[0].image, "quay.io/b:1");
  EXPECT_THAT(pins[0].records,
              ElementsAre("quay.io/b:1", At("quay.io/b", 'a')));
}

TEST(PinsNotInTest, FreeWhatATagMeantBeforeItMoved) {
  const auto pins = PinsNotIn(
      Requests({"quay.io/c:1"}), Node(),
      Records({"quay.io/c:1", "sha256:22", At("quay.io/c", 'd'), "sha256:33"}));

  ASSERT_THAT(pins, SizeIs(2));
  EXPECT_THAT(pins[0].records, ElementsAre(At("quay.io/c", 'd')));
  EXPECT_THAT(pins[1].records, ElementsAre("sha256:33"));
}

TEST(PinsNotInTest, KeepAListedNameThatTheRuntimeDoesNotList) {
  EXPECT_THAT(
      PinsNotIn(Requests({"quay.io/x:1"}), Node(), Records({"quay.io/x:1"})),
      IsEmpty());
}

TEST(UnpinTest, FindsAndRemovesPinsOfOurs) {
  FakeClock clock;
  FakeServices extension(clock);
  extension.pinned["quay.io/a:1"] = {
      .name = "quay.io/a:1", .is_ours = true, .list = "x"};
  extension.pinned["quay.io/b:1"] = {.name = "quay.io/b:1"};

  const auto ours = OurPins(extension, {});
  EXPECT_THAT(Unpin(extension, "quay.io/a:1", {}), IsOk());

  ASSERT_THAT(ours, IsOk());
  EXPECT_THAT(*ours, SizeIs(1));
  EXPECT_FALSE(extension.pinned.contains("quay.io/a:1"));
}

TEST(UnpinTest, OfARecordThatIsGoneIsDone) {
  FakeClock clock;
  FakeServices extension(clock);

  EXPECT_THAT(Unpin(extension, "quay.io/a:1", {}), IsOk());
}

}  // namespace
}  // namespace prepull
