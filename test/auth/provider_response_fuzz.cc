// Any bytes are an answer with accounts that can be used, or refused in one of
// a few sentences, which show nothing of them.
#include <cstdint>
#include <set>
#include <string>

#include "src/auth/provider_response.h"
#include "test/support/require.h"

namespace prepull {
namespace {

const CredentialProvider kProvider = {
    .name = "ecr", .api_version = "credentialprovider.kubelet.k8s.io/v1"};

const std::set<std::string> kSentences = {
    "invalid JSON: expected an object",
    "kind: expected CredentialProviderResponse",
    "apiVersion: expected that of the request",
    "cacheKeyType: expected Image, Registry or Global",
    "cacheDuration: invalid duration",
    "auth: expected an object",
    "auth: too many entries",
    "auth: invalid entry"};

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const absl::StatusOr<prepull::ProviderResponse> answer =
      prepull::ParseProviderResponse(text, prepull::kProvider);
  if (!answer.ok()) {
    prepull::Require(
        prepull::kSentences.contains(std::string(answer.status().message())),
        "a refusal shows nothing of the answer");
    return 0;
  }
  prepull::Require(answer->cache_duration.value_or(absl::ZeroDuration()) >=
                       absl::ZeroDuration(),
                   "a duration is not negative");
  for (const prepull::KeyringEntry& entry : answer->entries) {
    prepull::Require(!entry.credential.username.empty(),
                     "an account has a user");
    prepull::Require(entry.credential.source == "plugin ecr",
                     "a source is the plugin's name");
  }
  return 0;
}
