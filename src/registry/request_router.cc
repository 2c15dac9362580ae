#include "src/registry/request_router.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/url.h"

namespace prepull {
namespace {

constexpr int kMaxRedirects = 5;

// `image` without its registry.
std::string PathOf(const Reference& image) {
  return std::string(absl::StripPrefix(image.repository(),
                                       absl::StrCat(image.registry(), "/")));
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

}  // namespace

RequestRouter::RequestRouter(RegistryOptions options, Rewrites mirrors,
                             Peers peers)
    : options_(std::move(options)),
      clock_(peers.clock),
      mirrors_(std::move(mirrors)),
      http_(options_, peers.http, peers.clock, std::move(peers.roll_dice)),
      origins_(options_.insecure_hosts, http_),
      authorizer_({.deadline = options_.deadline,
                   .stop = options_.stop,
                   .is_realm_allowed =
                       [this](const Reference& image, const Url& realm) {
                         return origins_.IsRedirectAllowed(image, realm);
                       }},
                  http_, peers.credentials, peers.clock) {}

absl::Status RequestRouter::AtPlaces(
    const Reference& image, absl::FunctionRef<absl::Status(const Place&)> ask,
    absl::FunctionRef<bool()> is_over) {
  const absl::Status asked = AtMirrorFirst(
      image,
      [&](const Reference& at, int tries) {
        const absl::Status at_place = ask({.image = at, .tries = tries});
        return authorizer_.WithTriedSources(at_place, at);
      },
      is_over);
  return authorizer_.WithoutSecrets(asked);
}

absl::Status RequestRouter::AtMirrorFirst(const Reference& image, AskAt ask,
                                          absl::FunctionRef<bool()> is_over) {
  const std::optional<Reference> mirror = mirrors_.For(image);
  if (!mirror.has_value()) return ask(image, RetryingClient::kMaxTries);
  const std::string who = absl::StrCat("mirror ", mirror->registry());
  absl::Status at_mirror = ask(*mirror, 1);
  if (at_mirror.ok() || absl::IsCancelled(at_mirror)) return at_mirror;
  if (is_over() || IsLate()) return Annotate(at_mirror, who);
  const absl::Status at_registry = ask(image, RetryingClient::kMaxTries);
  const bool is_passing = IsPassing(at_registry);
  if (IsPassing(at_mirror) && is_passing && !is_over() && !IsLate()) {
    // Where only the mirror can be reached, it is all there is.
    const absl::Status again = ask(*mirror, RetryingClient::kMaxTries);
    if (again.ok() || absl::IsCancelled(again)) return again;
    at_mirror = again;
  }
  if (absl::IsCancelled(at_registry)) return at_registry;
  if (RetryingClient::IsUnreachable(at_mirror) && !is_passing) {
    mirrors_.Skip(*mirror, authorizer_.WithoutSecrets(at_mirror));
  }
  return Annotate(Annotate(at_registry, at_mirror.message()), who);
}

absl::StatusOr<HttpResponse> RequestRouter::Ask(const Place& place,
                                                const std::string& path,
                                                HttpRequest request) {
  ASSIGN_OR_RETURN(const std::string base, BaseUrl(place));
  request.url = absl::StrCat(base, path);
  ASSIGN_OR_RETURN(HttpResponse response, authorizer_.Send(place, request));
  return Follow(place, std::move(request), std::move(response));
}

absl::StatusOr<HttpResponse> RequestRouter::Follow(const Place& place,
                                                   HttpRequest request,
                                                   HttpResponse response) {
  ASSIGN_OR_RETURN(const Url registry, ParseUrl(request.url));
  bool is_at_registry = true;
  for (int hop = 0; IsRedirect(response.status); ++hop) {
    if (hop == kMaxRedirects) {
      return absl::UnavailableError("too many redirects");
    }
    absl::StatusOr<std::string> location =
        ResolveUrl(request.url, response.Header("Location"));
    RETURN_IF_ERROR(Annotate(location.status(), "redirect"));
    request.url = *std::move(location);
    ASSIGN_OR_RETURN(const Url target, ParseUrl(request.url));
    if (!origins_.IsRedirectAllowed(place.image, target)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "redirect without TLS: ", Printable(target.origin.authority, 200)));
    }
    // Credentials are for the registry alone, and not for what another host
    // redirects to, even back: there the URL itself is the key.
    is_at_registry = is_at_registry && target.origin == registry.origin;
    absl::StatusOr<HttpResponse> next = is_at_registry
                                            ? authorizer_.Send(place, request)
                                            : http_.Send(request, place.tries);
    RETURN_IF_ERROR(next.status());
    response = *std::move(next);
  }
  return response;
}

absl::StatusOr<std::string> RequestRouter::BaseUrl(const Place& place) {
  ASSIGN_OR_RETURN(const Origin origin, origins_.For(place.image));
  return absl::StrCat(origin.text(), "/v2/", PathOf(place.image), "/");
}

absl::Status RequestRouter::MayGoOn() const {
  if (options_.stop.stop_requested()) {
    return absl::CancelledError("interrupted");
  }
  return IsLate()
             ? PassingError(absl::DeadlineExceededError("deadline exceeded"))
             : absl::OkStatus();
}

}  // namespace prepull
