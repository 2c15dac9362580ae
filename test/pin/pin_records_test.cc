#include "src/pin/pin_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;

const std::string& Digest() {
  static const auto* digest =
      new std::string(absl::StrCat("sha256:", std::string(64, 'a')));
  return *digest;
}

TEST(RecordsToPinTest, AreTheIdTheTagAndTheDigest) {
  const StoredImage stored = {
      .id = "sha256:11",
      .repo_tags = {"docker.io/library/busybox:latest"},
      .repo_digests = {absl::StrCat("docker.io/library/busybox@", Digest())}};

  EXPECT_THAT(
      RecordsToPin(*Reference::Parse("busybox"), stored),
      ElementsAre(stored.id, stored.repo_tags[0], stored.repo_digests[0]));
}

TEST(RecordsToPinTest, AreNoNamesThatTheListDoesNotHave) {
  const StoredImage stored = {
      .id = "sha256:11",
      .repo_tags = {"quay.io/a:1", "quay.io/a:2", "quay.io/b:1"},
      .repo_digests = {absl::StrCat("quay.io/a@", Digest()),
                       absl::StrCat("quay.io/b@", Digest())}};

  EXPECT_THAT(RecordsToPin(*Reference::Parse("quay.io/a:1"), stored),
              ElementsAre("sha256:11", "quay.io/a:1", stored.repo_digests[0]));
  EXPECT_THAT(RecordsToPin(*Reference::Parse(stored.repo_digests[1]), stored),
              ElementsAre("sha256:11", stored.repo_digests[1]));
}

}  // namespace
}  // namespace prepull
