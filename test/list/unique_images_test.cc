#include "prepull/list/unique_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepull/list/list_file.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

std::vector<ImageRequest> UniqueIn(absl::string_view list) {
  return UniqueImages(ParseListFile(list, "l"));
}

auto Image(const std::string& image) {
  return Field(&ImageRequest::image, image);
}

TEST(ImageListTest, IsEmptyWithoutRequests) {
  EXPECT_THAT(UniqueImages({}), IsEmpty());
}

TEST(ImageListTest, KeepsTheOrderOfTheList) {
  EXPECT_THAT(UniqueIn("c:1\na:1\nb:1\na:1\n"),
              ElementsAre(Image("c:1"), Image("a:1"), Image("b:1")));
}

TEST(ImageListTest, KeepsTheFirstTextAndOriginOfADuplicate) {
  const std::vector<ImageRequest> unique =
      UniqueIn("busybox\ndocker.io/library/busybox:latest\n");

  ASSERT_THAT(unique, ElementsAre(Image("busybox")));
  EXPECT_EQ(unique[0].origin, "l:1");
  EXPECT_EQ(unique[0].reference->text(), "busybox");
}

TEST(ImageListTest, KeepsTwoTagsOfOneRepository) {
  EXPECT_THAT(UniqueIn("a:1\na:2\n"), ElementsAre(Image("a:1"), Image("a:2")));
}

TEST(ImageListTest, JoinsTheOptionsOfDuplicates) {
  const std::vector<ImageRequest> unique = UniqueIn(
      "a:1 secret=first\n"
      "a:1 secret=second policy=Always\n"
      "a:1 policy=IfNotPresent pin=true\n");

  ASSERT_THAT(unique, ElementsAre(Image("a:1")));
  EXPECT_EQ(unique[0].options.secret, "first");
  EXPECT_EQ(unique[0].options.policy, PullPolicy::kAlways);
  EXPECT_TRUE(unique[0].options.pin);
}

TEST(ImageListTest, NeverDropsAMalformedLine) {
  EXPECT_THAT(UniqueIn("Bad\nBad\n"), ElementsAre(Image("Bad"), Image("Bad")));
}

TEST(ImageListTest, DropsDuplicatesAcrossSources) {
  std::vector<ImageRequest> requests = ParseListFile("a:1\nb:1\n", "l");
  requests.push_back(ImageNamed("docker.io/library/b:1", "argument 1"));

  const std::vector<ImageRequest> unique = UniqueImages(std::move(requests));

  EXPECT_THAT(unique, ElementsAre(Image("a:1"), Image("b:1")));
}

}  // namespace
}  // namespace prepull
