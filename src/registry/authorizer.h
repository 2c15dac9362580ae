// Authenticates requests: answers a 401 challenge with the first credentials
// that the registry, or its token server, accepts.
//
// The accepted header is kept for the next requests to that repository.
// Threads: safe to share.
// Source: https://distribution.github.io/distribution/spec/auth/token/
#ifndef PREPULL_SRC_REGISTRY_AUTHORIZER_H_
#define PREPULL_SRC_REGISTRY_AUTHORIZER_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"
#include "prepull/http/headers.h"
#include "prepull/http/http_client.h"
#include "prepull/http/url.h"
#include "prepull/image/reference.h"
#include "src/registry/place.h"
#include "src/registry/retrying_client.h"

namespace prepull {

class Authorizer {
 public:
  struct Options {
    Instant deadline = Instant::Never();
    std::stop_token stop = {};
    // Whether the registry of `place` may name this token server.
    std::function<bool(const Place& place, const Url& realm)> is_realm_allowed =
        nullptr;
  };

  // All must outlive the authorizer.
  Authorizer(Options options, RetryingClient& http,
             CredentialFinder& credentials, Clock& clock);

  // Returns the response to `request` for the image of `place`: the first that
  // is not a 401 (or, with credentials, a 403), else the last. Credentials are
  // tried most specific first, anonymous access only if there are none. Errors:
  // as RetryingClient::Send; UNAUTHENTICATED  the registry or its token server
  // accepts none.
  absl::StatusOr<HttpResponse> Send(const Place& place,
                                    const HttpRequest& request);

  // Adds to a refusal of `image` the names of the credentials that were tried,
  // and marks it as passing if some that are configured could not be read. Any
  // other error stays as it is.
  absl::Status WithTriedSources(const absl::Status& refusal,
                                const Reference& image);

  // Returns `error` without any secret that was sent from here.
  absl::Status WithoutSecrets(const absl::Status& error);

 private:
  absl::StatusOr<HttpResponse> SendWithCredentials(const Place& place,
                                                   const HttpRequest& request,
                                                   const HttpResponse& refusal);
  // Returns the value for the header Authorization.
  absl::StatusOr<std::string> Authorize(const Challenge& challenge,
                                        const Credential& credential,
                                        const Place& place);
  absl::StatusOr<std::string> FetchToken(const Challenge& challenge,
                                         const Credential& credential,
                                         const Place& place);
  absl::StatusOr<CredentialsToTry> FindCredentials(const Reference& image);
  void RecordTried(const Reference& image, const CredentialsToTry& found);
  void RecordSent(const Credential& credential);
  // The next requests to the repository start with this header.
  void RecordAccepted(const Place& place, std::string value);

  const Options options_;
  RetryingClient& http_;
  CredentialFinder& credentials_;
  Clock& clock_;

  Mutex mutex_;
  // repository -> the header that was accepted last
  std::map<std::string, std::string> accepted_ ABSL_GUARDED_BY(mutex_);
  // The credentials tried last at a repository.
  struct Tried {
    std::string text = "";  // their sources, for messages
    bool is_all = true;     // all that are configured
  };
  std::map<std::string, Tried> tried_ ABSL_GUARDED_BY(mutex_);
  // All that were sent, tokens too.
  std::vector<Credential> sent_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_AUTHORIZER_H_
