// What a credential provider plugin is asked and answers. Pure.
//
// Source:
// https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/
#ifndef PREPULL_SRC_AUTH_PROVIDER_ANSWER_H_
#define PREPULL_SRC_AUTH_PROVIDER_ANSWER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "src/auth/keyring.h"
#include "src/auth/provider_config.h"

namespace prepull {

// For which images an answer holds.
enum class CacheScope { kImage, kRegistry, kGlobal };

struct ProviderAnswer {
  std::vector<KeyringEntry> entries = {};
  CacheScope scope = CacheScope::kImage;
  // Nothing: as the config has it. Zero: it may not be used again.
  std::optional<absl::Duration> cache_duration = {};
};

// The request for `image`, which is a repository without tag and digest, as
// the kubelet asks.
std::string ProviderRequest(const CredentialProvider& provider,
                            absl::string_view image);

// Errors: INVALID_ARGUMENT  what is wrong; nothing of `text`, which holds
// secrets, is shown.
absl::StatusOr<ProviderAnswer> ParseProviderAnswer(
    absl::string_view text, const CredentialProvider& provider);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_PROVIDER_ANSWER_H_
