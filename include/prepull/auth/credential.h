// The credentials of one registry account, and where they were found. Open
// data.
//
// Has no operator<< on purpose: only `source` may be shown.
#ifndef PREPULL_AUTH_CREDENTIAL_H_
#define PREPULL_AUTH_CREDENTIAL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace prepull {

struct Credential {
  // The fields of the CRI's AuthConfig. Its server_address stays empty, because
  // containerd ignores or rejects most values.
  std::string username = "";
  std::string password = "";
  std::string identity_token = "";
  std::string registry_token = "";

  // "PATH: KEY" or "plugin NAME": printable, and never a secret.
  std::string source = "";

  // Equal if the account is, whatever the source: trying it twice is futile.
  friend bool operator==(const Credential& a, const Credential& b) {
    return a.username == b.username && a.password == b.password &&
           a.identity_token == b.identity_token &&
           a.registry_token == b.registry_token;
  }

  bool empty() const { return *this == Credential(); }
};

// Returns `error` with "***" for the secrets of `credentials`: a server may
// repeat in its error text what it was sent.
absl::Status WithoutSecrets(const absl::Status& error,
                            const std::vector<Credential>& credentials);

}  // namespace prepull

#endif  // PREPULL_AUTH_CREDENTIAL_H_
