#include "src/registry/request_router.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
      places_(std::move(mirrors), options_.node),
      http_(options_, peers.http, peers.clock, std::move(peers.roll_dice)),
      origins_(options_.insecure_hosts, http_),
      authorizer_({.deadline = options_.deadline,
                   .stop = options_.stop,
                   .is_realm_allowed =
                       [this](const Place& place, const Url& realm) {
                         return origins_.IsRedirectAllowed(place, realm);
                       }},
                  http_, peers.credentials, peers.clock) {}

class RequestRouter::Round {
 public:
  Round(RequestRouter& router, const Reference& image,
        std::vector<Place> places)
      : router_(router), image_(image), places_(std::move(places)) {}

  absl::Status Run(absl::FunctionRef<absl::Status(const Place&)> ask,
                   absl::FunctionRef<bool()> is_over) {
    for (Place& place : places_) {
      if (!failures_.empty() && (is_over() || router_.IsLate())) break;
      const bool is_last = &place == &places_.back();
      place.tries = is_last ? RetryingClient::kMaxTries : 1;
      absl::Status answer = Ask(place, ask);
      if (absl::IsCancelled(answer)) return answer;
      if (!IsPassing(answer)) SkipUnreachable();
      if (answer.ok()) return answer;
      failures_.push_back(answer);
    }
    // Where only a mirror can be reached, it is all there is.
    const bool all_asked = failures_.size() == places_.size();
    for (size_t i = 0; all_asked && i + 1 < places_.size(); ++i) {
      if (!IsPassing(failures_.back()) || is_over() || router_.IsLate()) break;
      if (!IsPassing(failures_[i])) continue;
      places_[i].tries = RetryingClient::kMaxTries;
      failures_[i] = Ask(places_[i], ask);
      if (failures_[i].ok() || absl::IsCancelled(failures_[i])) {
        return failures_[i];
      }
    }
    return Failure();
  }

 private:
  absl::Status Ask(const Place& place,
                   absl::FunctionRef<absl::Status(const Place&)> ask) {
    return router_.authorizer_.WithTriedSources(ask(place), place.image);
  }

  // Once another place answers, so that it is not the network.
  void SkipUnreachable() {
    for (size_t i = 0; i < failures_.size(); ++i) {
      if (!RetryingClient::IsUnreachable(failures_[i])) continue;
      router_.places_.Skip(places_[i],
                           router_.authorizer_.WithoutSecrets(failures_[i]));
    }
  }

  absl::Status Failure() const {
    std::vector<std::string> messages;
    for (size_t i = 0; i < failures_.size(); ++i) {
      const Reference& at = places_[i].image;
      const bool is_mirror = at.repository() != image_.repository();
      messages.push_back(absl::StrCat(
          is_mirror ? "mirror " : "", is_mirror ? at.registry() : "",
          is_mirror ? ": " : "", failures_[i].message()));
    }
    return router_.places_.Explained(
        WithMessage(failures_.back(), absl::StrJoin(messages, ": ")), image_);
  }

  RequestRouter& router_;
  const Reference& image_;
  std::vector<Place> places_;
  std::vector<absl::Status> failures_;
};

absl::Status RequestRouter::AtPlaces(
    const Reference& image, absl::FunctionRef<absl::Status(const Place&)> ask,
    absl::FunctionRef<bool()> is_over) {
  ASSIGN_OR_RETURN(std::vector<Place> places, places_.For(image));
  return authorizer_.WithoutSecrets(
      Round(*this, image, std::move(places)).Run(ask, is_over));
}

absl::StatusOr<HttpResponse> RequestRouter::Ask(const Place& place,
                                                const std::string& path,
                                                HttpRequest request) {
  ASSIGN_OR_RETURN(const std::string base, BaseUrl(place));
  request.url = absl::StrCat(base, path);
  if (!place.query.empty() && !absl::StrContains(path, place.query)) {
    absl::StrAppend(&request.url, absl::StrContains(path, '?') ? "&" : "?",
                    place.query);
  }
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
    if (!origins_.IsRedirectAllowed(place, target)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "redirect without TLS: ", Printable(target.origin.authority, 200)));
    }
    // Credentials are for the registry alone, and not for what another host
    // redirects to, even back: there the URL itself is the key.
    is_at_registry = is_at_registry && target.origin == registry.origin;
    absl::StatusOr<HttpResponse> next = is_at_registry
                                            ? authorizer_.Send(place, request)
                                            : http_.Send(request, place);
    RETURN_IF_ERROR(next.status());
    response = *std::move(next);
  }
  return response;
}

absl::StatusOr<std::string> RequestRouter::BaseUrl(const Place& place) {
  ASSIGN_OR_RETURN(const Origin origin, origins_.For(place));
  return absl::StrCat(origin.text(), place.api_path, PathOf(place.image), "/");
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
