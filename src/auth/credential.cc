#include "prepull/auth/credential.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

// Hiding shorter ones would make messages unreadable.
constexpr size_t kMinSecretBytes = 4;

}  // namespace

absl::Status WithoutSecrets(const absl::Status& error,
                            const std::vector<Credential>& credentials) {
  std::vector<std::pair<std::string, std::string>> hidden;
  for (const Credential& each : credentials) {
    for (const std::string& secret :
         {absl::Base64Escape(absl::StrCat(each.username, ":", each.password)),
          each.password, each.identity_token, each.registry_token}) {
      if (secret.size() >= kMinSecretBytes) hidden.emplace_back(secret, "***");
    }
  }
  return WithMessage(error, absl::StrReplaceAll(error.message(), hidden));
}

}  // namespace prepull
