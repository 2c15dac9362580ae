// The request to a credential provider plugin, and its response. Pure.
//
// Source:
// https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/
#ifndef PREPULL_SRC_AUTH_PROVIDER_RESPONSE_H_
#define PREPULL_SRC_AUTH_PROVIDER_RESPONSE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "src/auth/keyring.h"
#include "src/auth/provider_config.h"

namespace prepull {

// The images that a response is valid for.
enum class CacheScope { kImage, kRegistry, kGlobal };

struct ProviderResponse {
  std::vector<KeyringEntry> entries = {};
  CacheScope scope = CacheScope::kImage;
  // Nothing: as in the config. Zero: not to be cached.
  std::optional<absl::Duration> cache_duration = {};
};

// Returns the request for `image`, a repository without tag and digest, as the
// kubelet sends it.
std::string ProviderRequest(const CredentialProvider& provider,
                            absl::string_view image);

// Errors: INVALID_ARGUMENT  what is invalid, without any of `text`, which holds
// secrets.
absl::StatusOr<ProviderResponse> ParseProviderResponse(
    absl::string_view text, const CredentialProvider& provider);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_PROVIDER_RESPONSE_H_
