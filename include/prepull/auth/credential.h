// What one registry account is called with, and where we have it from. Open
// data.
//
// There is no operator<< on purpose: only `source` may be shown.
#ifndef PREPULL_AUTH_CREDENTIAL_H_
#define PREPULL_AUTH_CREDENTIAL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace prepull {

struct Credential {
  // The CRI's AuthConfig fields of these names; its server_address stays
  // empty, because containerd drops or refuses most of what could stand there.
  std::string username = "";
  std::string password = "";
  std::string identity_token = "";
  std::string registry_token = "";

  // "PATH: KEY" or "plugin NAME": printable, and never a secret.
  std::string source = "";

  // The same account, wherever it comes from: trying it twice is futile.
  friend bool operator==(const Credential& a, const Credential& b) {
    return a.username == b.username && a.password == b.password &&
           a.identity_token == b.identity_token &&
           a.registry_token == b.registry_token;
  }

  bool empty() const { return *this == Credential(); }
};

// `error` with "***" for what these accounts keep secret: whoever answers may
// put what it was sent into its error text.
absl::Status WithoutSecrets(const absl::Status& error,
                            const std::vector<Credential>& credentials);

}  // namespace prepull

#endif  // PREPULL_AUTH_CREDENTIAL_H_
