#include "prepull/preflight/image_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kPath[] = "/host/var/lib/kubelet/config.yaml";

Finding Of(const std::string& policy, std::optional<bool> verifies = {}) {
  return EvaluateImageAccess(
      KubeletConfig{.path = kPath, .policy = policy, .verifies = verifies});
}

TEST(EvaluateImageAccessTest, SaysThatAnyPodMayUseThemWhereNothingIsVerified) {
  const Finding unset = Of("");
  const Finding preloaded = Of("NeverVerifyPreloadedImages");
  const Finding never = Of("NeverVerify");
  const Finding off = Of("", false);

  for (const Finding& finding : {unset, preloaded, never, off}) {
    EXPECT_EQ(finding.check, "kubelet");
    EXPECT_EQ(finding.result, CheckResult::kOk);
    EXPECT_THAT(finding.detail, StartsWith(std::string(kPath) + ": any pod"));
  }
  EXPECT_THAT(unset.detail,
              EndsWith("(NeverVerifyPreloadedImages, the default)"));
  EXPECT_THAT(preloaded.detail, EndsWith("(NeverVerifyPreloadedImages)"));
  EXPECT_THAT(never.detail, EndsWith("(NeverVerify)"));
  EXPECT_THAT(off.detail, EndsWith("KubeletEnsureSecretPulledImages is off)"));
}

TEST(EvaluateImageAccessTest, WarnsThatPodsDoNotStartOffline) {
  const Finding finding = Of("AlwaysVerify");

  EXPECT_EQ(finding.result, CheckResult::kWarning);
  EXPECT_THAT(finding.detail,
              AllOf(StartsWith(kPath), HasSubstr("asks the registry again"),
                    HasSubstr("offline"), HasSubstr("Never,"),
                    EndsWith("(AlwaysVerify)")));
}

TEST(EvaluateImageAccessTest, NamesWhatAnAllowlistCovers) {
  const KubeletConfig few = {.path = kPath,
                             .policy = "NeverVerifyAllowlistedImages",
                             .allowlist = {"quay.io/team/*", "r.local/a\x1b"}};
  KubeletConfig many = few;
  many.allowlist.insert(many.allowlist.end(), {"b", "c"});
  KubeletConfig none = few;
  none.allowlist.clear();

  EXPECT_EQ(EvaluateImageAccess(few).result, CheckResult::kWarning);
  EXPECT_THAT(EvaluateImageAccess(few).detail,
              AllOf(HasSubstr("(2 patterns: quay.io/team/*, r.local/a )"),
                    HasSubstr("asks the registry again"),
                    EndsWith("(NeverVerifyAllowlistedImages)")));
  EXPECT_THAT(EvaluateImageAccess(many).detail,
              AllOf(HasSubstr("(4 patterns: "), HasSubstr(", b, ...)"),
                    Not(HasSubstr("c, ..."))));
  EXPECT_THAT(EvaluateImageAccess(none).detail, HasSubstr("(0 patterns)"));
}

TEST(EvaluateImageAccessTest, WarnsOfWhatTheKubeletWouldNotStartWith) {
  EXPECT_EQ(Of("AlwaysVerify", false).result, CheckResult::kWarning);
  EXPECT_THAT(Of("AlwaysVerify", false).detail, HasSubstr("would not start"));
  EXPECT_EQ(Of("Sometimes\n").result, CheckResult::kWarning);
  EXPECT_THAT(Of("Sometimes\n").detail, EndsWith("Policy \"Sometimes \""));
}

TEST(EvaluateImageAccessTest, WarnsOfAConfigurationThatItCannotRead) {
  const Finding finding =
      EvaluateImageAccess(absl::InvalidArgumentError("/a.yaml:7: bad\nYAML"));

  EXPECT_EQ(finding.check, "kubelet");
  EXPECT_EQ(finding.result, CheckResult::kWarning);
  EXPECT_THAT(finding.detail, EndsWith("is unknown: /a.yaml:7: bad YAML"));
}

}  // namespace
}  // namespace prepull
