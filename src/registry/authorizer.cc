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
#include "src/registry/answer_error.h"
#include "src/registry/registry_json.h"

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

// The first that we can meet: a token before a password, which a registry may
// offer beside it.
std::optional<Challenge> Choose(const HttpResponse& refusal) {
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

absl::Status Refused(absl::string_view who, const Credential& credential,
                     const HttpResponse& response) {
  const std::string words = DescribeErrors(response.body);
  return absl::UnauthenticatedError(absl::StrCat(
      who, " refused ", credential.empty() ? "us" : "the credentials", " (",
      response.status, words.empty() ? "" : " ", words, ")"));
}

}  // namespace

Authorizer::Authorizer(Options options, PatientClient& http,
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
    const auto taken = taken_.find(place.image.repository());
    if (taken != taken_.end()) value = taken->second;
  }
  ASSIGN_OR_RETURN(HttpResponse response,
                   http_.Send(Authorized(request, value), place.tries));
  if (!value.empty() && IsRefusal(response.status)) {
    // What was taken once may have expired, for which some answer 403.
    ASSIGN_OR_RETURN(response, http_.Send(request, place.tries));
  }
  if (response.status != 401) return response;
  return SendWithCredentials(place, request, response);
}

absl::Status Authorizer::WithoutSecrets(const absl::Status& error) {
  MutexLock lock(mutex_);
  return prepull::WithoutSecrets(error, said_);
}

absl::Status Authorizer::WithTried(const absl::Status& refusal,
                                   const Reference& image) {
  if (!absl::IsUnauthenticated(refusal) && !absl::IsPermissionDenied(refusal)) {
    return refusal;
  }
  MutexLock lock(mutex_);
  const auto tried = tried_.find(image.repository());
  if (tried == tried_.end()) return refusal;
  const absl::Status named = WithMessage(
      refusal, absl::StrCat(refusal.message(), " (", tried->second.names, ")"));
  return tried->second.is_all ? named : PassingError(named);
}

void Authorizer::NoteTried(const Reference& image,
                           const CredentialsToTry& found) {
  std::string names = absl::StrJoin(
      found.credentials, ", ", [](std::string* text, const Credential& each) {
        absl::StrAppend(text, each.source);
      });
  names = names.empty() ? "no credentials fit" : absl::StrCat("tried ", names);
  if (!found.unread.empty()) absl::StrAppend(&names, "; ", found.unread);
  MutexLock lock(mutex_);
  tried_[image.repository()] = {.names = Printable(names, 512),
                                .is_all = found.unread.empty()};
}

void Authorizer::NoteSaid(const Credential& credential) {
  MutexLock lock(mutex_);
  if (std::find(said_.begin(), said_.end(), credential) == said_.end()) {
    said_.push_back(credential);
  }
}

void Authorizer::Keep(const Place& place, std::string value) {
  MutexLock lock(mutex_);
  taken_[place.image.repository()] = std::move(value);
}

absl::StatusOr<HttpResponse> Authorizer::SendWithCredentials(
    const Place& place, const HttpRequest& request,
    const HttpResponse& refusal) {
  const std::optional<Challenge> challenge = Choose(refusal);
  if (!challenge.has_value()) return refusal;
  ASSIGN_OR_RETURN(CredentialsToTry found, Find(place.image));
  NoteTried(place.image, found);
  if (found.credentials.empty()) found.credentials.emplace_back();
  absl::StatusOr<HttpResponse> last = refusal;
  for (const Credential& credential : found.credentials) {
    NoteSaid(credential);
    absl::StatusOr<std::string> value =
        Authorize(*challenge, credential, place);
    if (absl::IsUnauthenticated(value.status())) {
      last = value.status();
    } else {
      RETURN_IF_ERROR(value.status());
      last = http_.Send(Authorized(request, *value), place.tries);
      const bool is_refused = last.ok() && IsRefusal(last->status);
      if (last.ok() && !is_refused) Keep(place, *std::move(value));
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
          absl::StrCat(place.image.registry(), " wants a password"));
    }
    return Basic(credential.username, credential.password);
  }
  if (!credential.registry_token.empty()) {
    return absl::StrCat("Bearer ", credential.registry_token);
  }
  ASSIGN_OR_RETURN(const std::string token,
                   FetchToken(challenge, credential, place));
  NoteSaid({.registry_token = token});
  return absl::StrCat("Bearer ", token);
}

absl::StatusOr<std::string> Authorizer::FetchToken(const Challenge& challenge,
                                                   const Credential& credential,
                                                   const Place& place) {
  const std::string realm = Parameter(challenge, "realm");
  const absl::StatusOr<Origin> origin = OriginOf(realm);
  RETURN_IF_ERROR(Annotate(origin.status(), absl::StrCat(place.image.registry(),
                                                         " names as realm")));
  if (!options_.may_lead_to(place.image, *origin)) {
    return absl::FailedPreconditionError(
        absl::StrCat(place.image.registry(), " names a realm without TLS, ",
                     Printable(origin->authority, 200)));
  }
  std::string path(absl::StripPrefix(
      place.image.repository(), absl::StrCat(place.image.registry(), "/")));
  std::string scope = Parameter(challenge, "scope");
  if (scope.empty()) scope = absl::StrCat("repository:", path, ":pull");
  const std::string service = Parameter(challenge, "service");
  HttpRequest request = {.url = realm};
  if (!credential.identity_token.empty()) {
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = Form({{"grant_type", "refresh_token"},
                         {"service", service},
                         {"client_id", "prepull"},
                         {"scope", scope},
                         {"refresh_token", credential.identity_token}});
  } else {
    absl::StrAppend(&request.url, absl::StrContains(realm, '?') ? "&" : "?",
                    Form({{"service", service}, {"scope", scope}}));
    if (!credential.username.empty()) {
      request.headers = {
          {kHeader, Basic(credential.username, credential.password)}};
    }
  }
  const std::string who =
      absl::StrCat("the token server ", Printable(origin->authority, 200));
  absl::StatusOr<HttpResponse> response =
      http_.Send(std::move(request), place.tries);
  RETURN_IF_ERROR(Annotate(response.status(), who));
  if (IsRefusal(response->status) || response->status == 400) {
    return Refused(who, credential, *response);
  }
  RETURN_IF_ERROR(CheckAnswer(who, *response));
  absl::StatusOr<std::string> token = ParseToken(response->body);
  RETURN_IF_ERROR(Annotate(token.status(), who));
  return token;
}

absl::StatusOr<CredentialsToTry> Authorizer::Find(const Reference& image) {
  struct Answer {
    Mutex mutex;
    std::optional<absl::StatusOr<CredentialsToTry>> found
        ABSL_GUARDED_BY(mutex);
    Wakeup wakeup;
  };
  // It may come when nobody waits for it any more.
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
    if (options_.stop.stop_requested()) return absl::CancelledError("stopped");
    if (clock_.Now() >= options_.deadline) {
      return PassingError(absl::DeadlineExceededError(
          "the deadline passed while credentials were looked for"));
    }
    clock_.WaitUntil(options_.deadline, answer->wakeup);
  }
}

}  // namespace prepull
