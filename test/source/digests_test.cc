#include "src/source/digests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepull/base/passing_error.h"
#include "prepull/list/list_file.h"
#include "test/support/fake_registry.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

std::string Text(const ImageRequest& request) {
  return request.reference->text();
}

class DigestsTest : public ::testing::Test {
 protected:
  FakeRegistry registry_;
};

TEST_F(DigestsTest, KeepsAReferenceThatHasADigest) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  std::vector<ImageRequest> requests = {
      ImageNamed("quay.io/z@" + digest, "argument 1")};
  requests[0].options.policy = PullPolicy::kAlways;

  ASSERT_THAT(ResolveDigests(registry_, requests), IsOk());

  EXPECT_EQ(Text(requests[0]), "quay.io/z@" + digest);
  EXPECT_EQ(requests[0].options.policy, PullPolicy::kAlways);
}

TEST_F(DigestsTest, NamesTheImageThatFails) {
  std::vector<ImageRequest> requests = {
      ImageNamed("quay.io/gone:1", "argument 1")};

  EXPECT_THAT(
      ResolveDigests(registry_, requests),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("quay.io/gone:1")));
}

TEST_F(DigestsTest, GivesUpWhenTheRegistryIsAwayUntilTheDeadline) {
  registry_.broken["quay.io/a:1"] =
      PassingError(absl::UnavailableError("refused"));
  std::vector<ImageRequest> requests = {
      ImageNamed("quay.io/a:1", "argument 1")};

  const absl::Status status = ResolveDigests(registry_, requests);

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(IsPassing(status));
}

}  // namespace
}  // namespace prepull
