#include "prepull/pull/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

using Action = PlannedPull::Action;

constexpr char kDigest[] =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

ImageRequest Asked(const std::string& image) {
  return {image, "images.txt:1", Reference::Parse(image)};
}

Action ActionFor(const std::string& image, const StoredImage& stored,
                 const PullOptions& options = {}) {
  return MakePlan({Asked(image)}, Inventory(std::vector<StoredImage>{stored}),
                  options, {})[0]
      .action;
}

TEST(PlanTest, SkipsATagThatIsThere) {
  EXPECT_EQ(ActionFor("quay.io/a/b:1", {.repo_tags = {"quay.io/a/b:1"}}),
            Action::kSkip);
}

TEST(PlanTest, PullsAnotherTag) {
  EXPECT_EQ(ActionFor("quay.io/a/b:2", {.repo_tags = {"quay.io/a/b:1"}}),
            Action::kPull);
}

TEST(PlanTest, KnowsDockerHubsShortNames) {
  EXPECT_EQ(
      ActionFor("busybox", {.repo_tags = {"docker.io/library/busybox:latest"}}),
      Action::kSkip);
}

TEST(PlanTest, SkipsADigestThatIsThere) {
  const std::string name = absl::StrCat("quay.io/a/b@", kDigest);

  EXPECT_EQ(ActionFor(name, {.repo_digests = {name}}), Action::kSkip);
}

TEST(PlanTest, ComparesTagAndDigestByTheDigest) {
  EXPECT_EQ(
      ActionFor(absl::StrCat("quay.io/a/b:9@", kDigest),
                {.repo_digests = {absl::StrCat("quay.io/a/b@", kDigest)}}),
      Action::kSkip);
}

TEST(PlanTest, PullsTheSameDigestOfAnotherRepository) {
  EXPECT_EQ(
      ActionFor(absl::StrCat("quay.io/a/b@", kDigest),
                {.repo_digests = {absl::StrCat("quay.io/other/b@", kDigest)}}),
      Action::kPull);
}

TEST(PlanTest, PullsAllWithPolicyAlways) {
  EXPECT_EQ(ActionFor("quay.io/a/b:1", {.repo_tags = {"quay.io/a/b:1"}},
                      {.policy = PullPolicy::kAlways}),
            Action::kPull);
}

TEST(PlanTest, LetsALineHaveAPolicyOfItsOwn) {
  ImageRequest always = Asked("quay.io/a/b:1");
  always.options.policy = PullPolicy::kAlways;
  ImageRequest calm = Asked("quay.io/a/c:1");
  calm.options.policy = PullPolicy::kIfNotPresent;
  const Inventory node(std::vector<StoredImage>{
      {.repo_tags = {"quay.io/a/b:1", "quay.io/a/c:1"}}});

  EXPECT_EQ(MakePlan({always}, node, {}, {})[0].action, Action::kPull);
  EXPECT_EQ(
      MakePlan({calm}, node, {.policy = PullPolicy::kAlways}, {})[0].action,
      Action::kSkip);
}

TEST(PlanTest, ReplacesWhatTheLastRunLeftUnusable) {
  const Inventory node(std::vector<StoredImage>{
      {.id = "sha256:1", .repo_tags = {"quay.io/a/b:1"}},
      {.id = "sha256:2", .repo_tags = {"quay.io/a/b:2"}}});

  const std::vector<PlannedPull> plan = MakePlan(
      {Asked("quay.io/a/b:1"), Asked("quay.io/a/b:2"), Asked("quay.io/a/b:3")},
      node, {}, {"quay.io/a/b:1", "quay.io/a/b:3"});

  EXPECT_EQ(plan[0].action, Action::kReplace);
  EXPECT_EQ(plan[1].action, Action::kSkip);
  EXPECT_EQ(plan[2].action, Action::kPull);
}

TEST(PlanTest, ReplacesAllThatIsThereOnRequest) {
  const PullOptions options = {.repull_present = true};

  EXPECT_EQ(
      ActionFor("quay.io/a/b:1", {.repo_tags = {"quay.io/a/b:1"}}, options),
      Action::kReplace);
  EXPECT_EQ(ActionFor("quay.io/a/b:1", {}, options), Action::kPull);
}

// To remove an image removes all its names.
TEST(PlanTest, ReplacesTheOtherNamesOfAnImageWithIt) {
  const Inventory node(std::vector<StoredImage>{
      {.id = "sha256:1", .repo_tags = {"quay.io/a:1", "quay.io/a:latest"}},
      {.id = "sha256:2", .repo_tags = {"quay.io/b:1"}}});

  const std::vector<PlannedPull> plan = MakePlan(
      {Asked("quay.io/a:latest"), Asked("quay.io/a:1"), Asked("quay.io/b:1")},
      node, {}, {"quay.io/a:1"});

  EXPECT_EQ(plan[0].action, Action::kReplace);
  EXPECT_EQ(plan[1].action, Action::kReplace);
  EXPECT_EQ(plan[2].action, Action::kSkip);
}

TEST(PlanTest, FailsAMalformedLineAndGoesOn) {
  const std::vector<PlannedPull> plan = MakePlan(
      {{"A B", "images.txt:1", absl::InvalidArgumentError("images.txt:1: no")},
       Asked("quay.io/a/b:1")},
      Inventory(std::vector<StoredImage>()), {}, {});

  EXPECT_EQ(plan[0].action, Action::kFail);
  EXPECT_EQ(plan[0].why, "images.txt:1: no");
  EXPECT_EQ(plan[1].action, Action::kPull);
}

TEST(InventoryTest, IgnoresImagesWithoutAName) {
  const StoredImage unnamed = {.id = "sha256:1",
                               .repo_tags = {"<none>:<none>"}};

  const Inventory inventory(std::vector<StoredImage>{unnamed});

  EXPECT_EQ(inventory.Find(*Reference::Parse("none:none")), nullptr);
  EXPECT_NE(inventory.FindByImageRef("sha256:1"), nullptr);
}

}  // namespace
}  // namespace prepull
