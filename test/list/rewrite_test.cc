#include "prepull/list/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

ImageRequest Request(const std::string& image) {
  return {.image = image,
          .origin = "argument 1",
          .reference = Reference::Parse(image)};
}

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What `image` is pulled as under these rules.
std::string Rewritten(const std::vector<std::string>& rules,
                      const std::string& image) {
  absl::StatusOr<Rewrites> rewrites = Rewrites::Parse(rules);
  EXPECT_THAT(rewrites, IsOk());
  std::vector<ImageRequest> requests = {Request(image)};
  rewrites->Apply(requests);
  const absl::StatusOr<Reference>& reference = requests[0].reference;
  return reference.ok() ? reference->text()
                        : std::string(reference.status().message());
}

TEST(RewritesTest, ReplacesTheBeginningOfTheRepository) {
  EXPECT_EQ(
      Rewritten({"quay.io=mirror.example:5000/quay"}, "quay.io/team/app:1.2"),
      "mirror.example:5000/quay/team/app:1.2");
  EXPECT_EQ(Rewritten({"quay.io/team/app=mirror.example/app"},
                      "quay.io/team/app:1.2"),
            "mirror.example/app:1.2");
}

TEST(RewritesTest, KeepsTagAndDigest) {
  const std::string digest = absl::StrCat("@sha256:", std::string(64, 'a'));

  EXPECT_EQ(Rewritten({"quay.io=mirror.example"},
                      absl::StrCat("quay.io/app:1", digest)),
            absl::StrCat("mirror.example/app:1", digest));
}

TEST(RewritesTest, TakesWholeSegmentsOnly) {
  const std::vector<std::string> rules = {"quay.io/team=mirror.example/team"};

  EXPECT_EQ(Rewritten(rules, "quay.io/teams/app:1"), "quay.io/teams/app:1");
  EXPECT_EQ(Rewritten({"quay.io=mirror.example"}, "quay.io:5000/app:1"),
            "quay.io:5000/app:1");
}

TEST(RewritesTest, LooksAtTheCompletedName) {
  EXPECT_EQ(Rewritten({"docker.io=mirror.example/hub"}, "busybox"),
            "mirror.example/hub/library/busybox");
}

TEST(RewritesTest, PrefersTheLongestRuleAndAppliesOne) {
  const std::vector<std::string> rules = {
      "quay.io=a.example", "quay.io/team=b.example", "a.example=c.example"};

  EXPECT_EQ(Rewritten(rules, "quay.io/team/app:1"), "b.example/app:1");
  EXPECT_EQ(Rewritten(rules, "quay.io/other/app:1"), "a.example/other/app:1");
}

TEST(RewritesTest, KeepsTheNameThatTheListHas) {
  absl::StatusOr<Rewrites> rewrites = Rewrites::Parse({"quay.io=m.example/"});
  std::vector<ImageRequest> requests = {Request("quay.io/a:1")};

  rewrites->Apply(requests);

  EXPECT_EQ(requests[0].image, "quay.io/a:1");
  EXPECT_EQ(requests[0].reference->text(), "m.example/a:1");
}

TEST(RewritesTest, KnowsWhichRulesFittedNothing) {
  absl::StatusOr<Rewrites> rewrites =
      Rewrites::Parse({"quay.io=m.example", "quay.oi=m.example"});
  std::vector<ImageRequest> requests = {Request("quay.io/a:1"), Request("Bad")};

  rewrites->Apply(requests);

  EXPECT_THAT(rewrites->Unused(), ElementsAre("quay.oi=m.example"));
  EXPECT_THAT(Rewrites::Parse({})->Unused(), IsEmpty());
}

TEST(RewritesTest, ANameThatComesOutMalformedIsItsImagesFailure) {
  EXPECT_THAT(
      Rewritten({absl::StrCat("quay.io=m.example/", std::string(250, 'a'))},
                "quay.io/a-long/name:1"),
      HasSubstr("argument 1: --rewrite quay.io=m.example/"));
}

TEST(RewritesTest, RefusesWhatIsNoRule) {
  for (const std::string rule :
       {"quay.io", "=mirror.example", "quay.io=", "quay.io=/", "/=a.example",
        "quay.io=Mirror/Upper", "quay.io=https://mirror.example"}) {
    EXPECT_THAT(Rewrites::Parse({rule}),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << rule;
  }
}

}  // namespace
}  // namespace prepull
