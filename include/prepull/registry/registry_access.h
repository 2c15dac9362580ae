// A registry client together with the HTTP client and the credentials that it
// needs.
//
// Source: the variables are those of curl and OpenSSL
// (https://everything.curl.dev/usingcurl/proxies/env.html).
#ifndef PREPULL_REGISTRY_REGISTRY_ACCESS_H_
#define PREPULL_REGISTRY_REGISTRY_ACCESS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/http/http_client.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

// Threads: as RegistryClient.
class RegistryAccess {
 public:
  // All of it must outlive the access.
  struct Seams {
    Host& host;
    FileSystem& files;
    Clock& clock;
  };

  // Proxies come from HTTP_PROXY, HTTPS_PROXY and NO_PROXY (upper case before
  // lower case), the CA file from SSL_CERT_FILE if that is set; a file of the
  // node that cannot be used is one warning. Errors:
  // INVALID_ARGUMENT  names the option or the variable.
  static absl::StatusOr<std::unique_ptr<RegistryAccess>> Open(
      RegistryOptions options, const CredentialOptions& credentials,
      const Seams& seams);

  RegistryClient& client() { return *client_; }

 private:
  RegistryAccess() = default;

  std::unique_ptr<CredentialFinder> credentials_;
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<RegistryClient> client_;
};

}  // namespace prepull

#endif  // PREPULL_REGISTRY_REGISTRY_ACCESS_H_
