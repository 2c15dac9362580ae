#include "src/registry/authorizer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/registry/responses.h"

namespace prepull {
namespace {

constexpr char kHeader[] = "Authorization";

bool IsRefusal(int status) { return status == 401 || status == 403; }

HttpRequest Authorized(HttpRequest request, const std::string& value) {
  if (!value.empty()) request.headers.push_back({kHeader, value});
  return request;
}

std::string Basic(const std::string& user, const std::string& password) {
  return absl::StrCat("Basic ",
                      absl::Base64Escape(absl::StrCat(user, ":", password)));
}

// Returns the first supported challenge: "bearer" before "basic", which a
// registry may offer beside it.
std::optional<Challenge> ChooseChallenge(const HttpResponse& refusal) {
  std::optional<Challenge> basic;
  for (const HttpHeader& header : refusal.headers) {
    if (!absl::EqualsIgnoreCase(header.name, "WWW-Authenticate")) continue;
    for (Challenge& challenge : ParseChallenges(header.value)) {
      if (challenge.scheme == "bearer") return std::move(challenge);
      if (challenge.scheme == "basic") basic = std::move(challenge);
    }
  }
  return basic;
}

std::string Parameter(const Challenge& challenge, const std::string& name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? "" : found->second;
}

// "name=value&…" of those that have a value.
std::string Form(
    const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    parts.push_back(absl::StrCat(name, "=", PercentEncoded(value)));
  }
  return absl::StrJoin(parts, "&");
}

absl::Status Rejected(absl::string_view server, const Credential& credential,
                      const HttpResponse& response) {
  const std::string errors = DescribeErrors(response.body);
  return absl::UnauthenticatedError(absl::StrCat(
      server, " rejected ",
      credential.empty() ? "anonymous access" : "the credentials", " (",
      response.status, errors.empty() ? "" : " ", errors, ")"));
}

// Returns the request for a token: with an identity token as OAuth2 defines
// it, else as the distribution specification does.
HttpRequest TokenRequest(const Challenge& challenge,
                         const Credential& credential, const Reference& image) {
  const std::string realm = Parameter(challenge, "realm");
  const std::string service = Parameter(challenge, "service");
  std::string scope = Parameter(challenge, "scope");
  if (scope.empty()) {
    scope = absl::StrCat("repository:",
                         absl::StripPrefix(image.repository(),
                                           absl::StrCat(image.registry(), "/")),
                         ":pull");
  }
  if (!credential.identity_token.empty()) {
    return {.method = "POST",
            .url = realm,
            .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
            .body = Form({{"grant_type", "refresh_token"},
                          {"service", service},
                          {"client_id", "prepull"},
                          {"scope", scope},
                          {"refresh_token", credential.identity_token}})};
  }
  HttpRequest request = {
      .url = absl::StrCat(realm, absl::StrContains(realm, '?') ? "&" : "?",
                          Form({{"service", service}, {"scope", scope}}))};
  if (credential.username.empty()) return request;
  return Authorized(std::move(request),
                    Basic(credential.username, credential.password));
}

}  // namespace

Authorizer::Authorizer(Options options, RetryingClient& http,
                       CredentialFinder& credentials, Clock& clock)
    : options_(std::move(options)),
      http_(http),
      credentials_(credentials),
      clock_(clock) {}

absl::StatusOr<HttpResponse> Authorizer::Send(const Place& place,
                                              const HttpRequest& request) {
  std::string value;
  {
    MutexLock lock(mutex_);
    const auto accepted = accepted_.find(place.image.repository());
    if (accepted != accepted_.end()) value = accepted->second;
  }
  ASSIGN_OR_RETURN(HttpResponse response,
                   http_.Send(Authorized(request, value), place));
  if (!value.empty() && IsRefusal(response.status)) {
    // An accepted header may have expired; some registries then say 403.
    ASSIGN_OR_RETURN(response, http_.Send(request, place));
  }
  if (response.status != 401) return response;
  return SendWithCredentials(place, request, response);
}

absl::Status Authorizer::WithoutSecrets(const absl::Status& error) {
  MutexLock lock(mutex_);
  return prepull::WithoutSecrets(error, sent_);
}

absl::Status Authorizer::WithTriedSources(const absl::Status& refusal,
                                          const Reference& image) {
  if (!absl::IsUnauthenticated(refusal) && !absl::IsPermissionDenied(refusal)) {
    return refusal;
  }
  MutexLock lock(mutex_);
  const auto tried = tried_.find(image.repository());
  if (tried == tried_.end()) return refusal;
  const absl::Status named = WithMessage(
      refusal, absl::StrCat(refusal.message(), " (", tried->second.text, ")"));
  return tried->second.is_all ? named : PassingError(named);
}

void Authorizer::RecordTried(const Reference& image,
                             const CredentialsToTry& found) {
  std::string text = absl::StrJoin(
      found.credentials, ", ", [](std::string* out, const Credential& each) {
        absl::StrAppend(out, each.source);
      });
  text =
      text.empty() ? "no matching credentials" : absl::StrCat("tried ", text);
  for (const std::string& why : {found.unread, found.empty}) {
    if (!why.empty()) absl::StrAppend(&text, "; ", why);
  }
  MutexLock lock(mutex_);
  tried_[image.repository()] = {.text = Printable(text, 512),
                                .is_all = found.unread.empty()};
}

void Authorizer::RecordSent(const Credential& credential) {
  MutexLock lock(mutex_);
  if (std::find(sent_.begin(), sent_.end(), credential) == sent_.end()) {
    sent_.push_back(credential);
  }
}

void Authorizer::RecordAccepted(const Place& place, std::string value) {
  MutexLock lock(mutex_);
  accepted_[place.image.repository()] = std::move(value);
}

absl::StatusOr<HttpResponse> Authorizer::SendWithCredentials(
    const Place& place, const HttpRequest& request,
    const HttpResponse& refusal) {
  const std::optional<Challenge> challenge = ChooseChallenge(refusal);
  if (!challenge.has_value()) return refusal;
  ASSIGN_OR_RETURN(CredentialsToTry found, FindCredentials(place.image));
  RecordTried(place.image, found);
  if (found.credentials.empty()) found.credentials.emplace_back();
  absl::StatusOr<HttpResponse> last = refusal;
  for (const Credential& credential : found.credentials) {
    RecordSent(credential);
    absl::StatusOr<std::string> value =
        Authorize(*challenge, credential, place);
    if (absl::IsUnauthenticated(value.status())) {
      last = value.status();
    } else {
      RETURN_IF_ERROR(value.status());
      last = http_.Send(Authorized(request, *value), place);
      const bool is_refused = last.ok() && IsRefusal(last->status);
      if (last.ok() && !is_refused) RecordAccepted(place, *std::move(value));
      if (!is_refused) return last;
    }
    if (!credential.empty()) credentials_.Refused(place.image, credential);
  }
  return last;
}

absl::StatusOr<std::string> Authorizer::Authorize(const Challenge& challenge,
                                                  const Credential& credential,
                                                  const Place& place) {
  if (challenge.scheme == "basic") {
    if (credential.username.empty()) {
      return absl::UnauthenticatedError(
          absl::StrCat(place.image.registry(), ": password required"));
    }
    return Basic(credential.username, credential.password);
  }
  if (!credential.registry_token.empty()) {
    return absl::StrCat("Bearer ", credential.registry_token);
  }
  ASSIGN_OR_RETURN(const std::string token,
                   FetchToken(challenge, credential, place));
  RecordSent({.registry_token = token});
  return absl::StrCat("Bearer ", token);
}

absl::StatusOr<std::string> Authorizer::FetchToken(const Challenge& challenge,
                                                   const Credential& credential,
                                                   const Place& place) {
  const std::string& registry = place.image.registry();
  const absl::StatusOr<Url> realm = ParseUrl(Parameter(challenge, "realm"));
  RETURN_IF_ERROR(
      Annotate(realm.status(), absl::StrCat(registry, ": token realm")));
  const std::string host = Printable(realm->origin.authority, 200);
  if (!options_.is_realm_allowed(place, *realm)) {
    return absl::FailedPreconditionError(
        absl::StrCat(registry, ": token realm without TLS: ", host));
  }
  const std::string server = absl::StrCat("token server ", host);
  absl::StatusOr<HttpResponse> response =
      http_.Send(TokenRequest(challenge, credential, place.image), place);
  RETURN_IF_ERROR(Annotate(response.status(), server));
  if (IsRefusal(response->status) || response->status == 400) {
    return Rejected(server, credential, *response);
  }
  RETURN_IF_ERROR(CheckResponse(server, *response));
  absl::StatusOr<std::string> token = ParseToken(response->body);
  RETURN_IF_ERROR(Annotate(token.status(), server));
  return token;
}

absl::StatusOr<CredentialsToTry> Authorizer::FindCredentials(
    const Reference& image) {
  struct Answer {
    Mutex mutex;
    std::optional<absl::StatusOr<CredentialsToTry>> found
        ABSL_GUARDED_BY(mutex);
    Wakeup wakeup;
  };
  // The answer may come after this function has returned.
  const auto answer = std::make_shared<Answer>();
  credentials_.Find(image, /*secret=*/"",
                    [answer](absl::StatusOr<CredentialsToTry> found) {
                      {
                        MutexLock lock(answer->mutex);
                        answer->found = std::move(found);
                      }
                      answer->wakeup.Notify();
                    });
  const std::stop_callback wake(options_.stop,
                                [&] { answer->wakeup.Notify(); });
  while (true) {
    {
      MutexLock lock(answer->mutex);
      if (answer->found.has_value()) return *answer->found;
    }
    if (options_.stop.stop_requested())
      return absl::CancelledError("interrupted");
    if (clock_.Now() >= options_.deadline) {
      return PassingError(absl::DeadlineExceededError(
          "timed out while looking for credentials"));
    }
    clock_.WaitUntil(options_.deadline, answer->wakeup);
  }
}

}  // namespace prepull
