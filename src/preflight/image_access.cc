#include "prepull/preflight/image_access.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxConfigPath = 512;
constexpr size_t kMaxPattern = 128;
constexpr size_t kShownPatterns = 3;

constexpr char kAsksAgain[] =
    "asks the registry again although the image is there, until the kubelet "
    "itself has pulled it with the pod's credentials; offline, or with "
    "imagePullPolicy Never, the pod does not start";

Finding Told(const KubeletConfig& config, CheckResult result,
             absl::string_view what) {
  return {.check = "kubelet",
          .result = result,
          .detail =
              absl::StrCat(Printable(config.path, kMaxConfigPath), ": ", what)};
}

// "2 patterns: quay.io/team/*, registry.local/app".
std::string Patterns(const std::vector<std::string>& allowlist) {
  std::string text = Counted(static_cast<int64_t>(allowlist.size()), "pattern");
  const size_t shown = std::min(allowlist.size(), kShownPatterns);
  for (size_t i = 0; i < shown; ++i) {
    absl::StrAppend(&text, i == 0 ? ": " : ", ",
                    Printable(allowlist[i], kMaxPattern));
  }
  if (shown < allowlist.size()) text += ", ...";
  return text;
}

Finding OfAllowlist(const KubeletConfig& config) {
  return Told(
      config, CheckResult::kWarning,
      absl::StrCat("a pod whose image preloadedImagesVerificationAllowlist (",
                   Patterns(config.allowlist),
                   ") does not name as the pod "
                   "does ",
                   kAsksAgain, " (", config.policy, ")"));
}

}  // namespace

Finding EvaluateImageAccess(const absl::StatusOr<KubeletConfig>& config) {
  if (!config.ok()) {
    return {.check = "kubelet",
            .result = CheckResult::kWarning,
            .detail = absl::StrCat(
                "which pods may use what prepull pulls is unknown: ",
                Printable(config.status().message(), kMaxConfigPath))};
  }
  const std::string& policy = config->policy;
  if (config->verifies == false) {
    if (policy.empty()) {
      return Told(*config, CheckResult::kOk,
                  "any pod may use any image of this node (the feature gate "
                  "KubeletEnsureSecretPulledImages is off)");
    }
    return Told(*config, CheckResult::kWarning,
                "the kubelet would not start with an "
                "imagePullCredentialsVerificationPolicy while the feature gate "
                "KubeletEnsureSecretPulledImages is off");
  }
  if (policy == "NeverVerify") {
    return Told(*config, CheckResult::kOk,
                "any pod may use any image of this node (NeverVerify)");
  }
  if (policy.empty() || policy == "NeverVerifyPreloadedImages") {
    return Told(*config, CheckResult::kOk,
                absl::StrCat("any pod may use images that the kubelet never "
                             "pulled itself, such as prepull's "
                             "(NeverVerifyPreloadedImages",
                             policy.empty() ? ", the default" : "", ")"));
  }
  if (policy == "NeverVerifyAllowlistedImages") return OfAllowlist(*config);
  if (policy == "AlwaysVerify") {
    return Told(*config, CheckResult::kWarning,
                absl::StrCat("a pod ", kAsksAgain, " (", policy, ")"));
  }
  return Told(*config, CheckResult::kWarning,
              absl::StrCat("unknown imagePullCredentialsVerificationPolicy \"",
                           Printable(policy, kMaxPattern), "\""));
}

}  // namespace prepull
