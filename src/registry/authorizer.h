// Passes a registry's door: sends a request, and if the answer is a 401 finds
// out what is wanted, with which credentials it is had, and sends it again.
//
// What opened the door of a repository is kept for the next request.
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
#include "prepull/http/http_client.h"
#include "prepull/image/reference.h"
#include "src/registry/challenge.h"
#include "src/registry/patient_client.h"
#include "src/registry/registry_url.h"

namespace prepull {

class Authorizer {
 public:
  struct Options {
    Instant deadline = Instant::Never();
    std::stop_token stop = {};
    // Whether a token server may be there that the registry of `image` names.
    std::function<bool(const Reference& image, const Origin& realm)>
        may_lead_to = nullptr;
  };

  // All must outlive the authorizer.
  Authorizer(Options options, PatientClient& http,
             CredentialFinder& credentials, Clock& clock);

  // The answer to `request` about the image of `place`: the first that is no
  // 401 (or, with credentials, 403), else the last. Credentials are tried most
  // specific first, anonymously only if there are none. Errors: as
  // PatientClient::Send; UNAUTHENTICATED  no credential is taken, by the
  // registry or its token server.
  absl::StatusOr<HttpResponse> Send(const Place& place,
                                    const HttpRequest& request);

  // A refusal of `image` with the names of the credentials that were tried
  // for it, or that there are none; any other error as it is. It may pass if
  // some that are configured could not be had.
  absl::Status WithTried(const absl::Status& refusal, const Reference& image);

  // `error` without any secret that was said here.
  absl::Status WithoutSecrets(const absl::Status& error);

 private:
  absl::StatusOr<HttpResponse> SendWithCredentials(const Place& place,
                                                   const HttpRequest& request,
                                                   const HttpResponse& refusal);
  // The value of the header Authorization.
  absl::StatusOr<std::string> Authorize(const Challenge& challenge,
                                        const Credential& credential,
                                        const Place& place);
  absl::StatusOr<std::string> FetchToken(const Challenge& challenge,
                                         const Credential& credential,
                                         const Place& place);
  absl::StatusOr<CredentialsToTry> Find(const Reference& image);
  void NoteTried(const Reference& image, const CredentialsToTry& found);
  void NoteSaid(const Credential& credential);
  // The repository's next requests begin with this header.
  void Keep(const Place& place, std::string value);

  const Options options_;
  PatientClient& http_;
  CredentialFinder& credentials_;
  Clock& clock_;

  Mutex mutex_;
  // repository -> the header that was taken last
  std::map<std::string, std::string> taken_ ABSL_GUARDED_BY(mutex_);
  // What was tried at a repository last.
  struct Tried {
    std::string names = "";  // for people
    bool is_all = true;      // all that is configured
  };
  std::map<std::string, Tried> tried_ ABSL_GUARDED_BY(mutex_);
  // Whatever was said, tokens too.
  std::vector<Credential> said_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_AUTHORIZER_H_
