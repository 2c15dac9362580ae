// Sends requests about an image to the places that may have it, its mirrors
// before its own registry, and to where they redirect.
//
// Threads: safe to share; a call blocks.
#ifndef PREPULL_SRC_REGISTRY_REQUEST_ROUTER_H_
#define PREPULL_SRC_REGISTRY_REQUEST_ROUTER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/clock.h"
#include "prepull/base/random.h"
#include "prepull/http/http_client.h"
#include "prepull/image/reference.h"
#include "prepull/list/rewrite.h"
#include "prepull/registry/registry_client.h"
#include "src/registry/authorizer.h"
#include "src/registry/origins.h"
#include "src/registry/place.h"
#include "src/registry/places.h"
#include "src/registry/retrying_client.h"

namespace prepull {

class RequestRouter {
 public:
  // The seams; all must outlive the router.
  struct Peers {
    HttpClient& http;
    CredentialFinder& credentials;
    Clock& clock;
    RollDice roll_dice;
  };

  // `mirrors`: those of `options`, parsed.
  RequestRouter(RegistryOptions options, Rewrites mirrors, Peers peers);

  // Calls `ask` with one place of `image` after another until one has what is
  // asked for. All but the last get one try, since there is another place to
  // ask. `is_over`: whether no other place can help any more. Errors: those of
  // all places, without any secret, with the code of the last; as Places::For.
  absl::Status AtPlaces(const Reference& image,
                        absl::FunctionRef<absl::Status(const Place&)> ask,
                        absl::FunctionRef<bool()> is_over);

  // Requests `path` below BaseUrl, and follows redirects. Returns the response,
  // whatever its status. Errors: as Authorizer::Send; UNAVAILABLE  too many
  // redirects; FAILED_PRECONDITION  a redirect gives up TLS.
  absl::StatusOr<HttpResponse> Ask(const Place& place, const std::string& path,
                                   HttpRequest request);

  // Returns "https://HOST/v2/NAME/". Errors: as Origins::For.
  absl::StatusOr<std::string> BaseUrl(const Place& place);

  // Errors: CANCELLED, DEADLINE_EXCEEDED.
  absl::Status MayGoOn() const;

  // As those of RetryingClient.
  absl::Status Pause(int tries) {
    return http_.Pause(tries, absl::ZeroDuration());
  }
  absl::Status PauseForAll(int tries) { return http_.PauseForAll(tries); }

 private:
  // One call of AtPlaces.
  class Round;

  absl::StatusOr<HttpResponse> Follow(const Place& place, HttpRequest request,
                                      HttpResponse response);
  bool IsLate() const { return clock_.Now() >= options_.deadline; }

  const RegistryOptions options_;
  Clock& clock_;
  Places places_;

  RetryingClient http_;
  Origins origins_;
  Authorizer authorizer_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_REQUEST_ROUTER_H_
