#include "prepull/kube/kube_client.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/http/headers.h"
#include "prepull/http/url.h"
#include "src/kube/api_call.h"

namespace prepull {
namespace {

constexpr absl::Duration kTryTimeout = absl::Seconds(4);
// A page of 500 pods has megabytes.
constexpr absl::Duration kPageTimeout = absl::Seconds(30);
constexpr absl::Duration kFirstDelay = absl::Milliseconds(250);
constexpr absl::Duration kMaxDelay = absl::Seconds(2);
// An object has at most 1.5 MiB in the server's store.
constexpr int64_t kMaxObjectBytes = 4 << 20;
constexpr int64_t kMaxPageBytes = 64 << 20;

constexpr absl::string_view kJson = "application/json";

// What an answer means for one verb, if not what it means for all; `said` is
// the answer in words.
using Meaning = std::function<std::optional<absl::Status>(
    const ApiAnswer& answer, const std::string& said)>;

// What is asked of the API server.
struct KubeRequest {
  ApiCall call = {};
  // Of one try.
  absl::Duration timeout = kTryTimeout;
  // Whether it may have been done before, by a try whose answer was lost.
  bool is_harmless_twice = true;
  std::string right = "";       // "\"patch\" on \"nodes\""
  std::string if_missing = "";  // what 404 means
  Meaning meaning = nullptr;
};

// The answer to a change is the whole object; it is not needed.
absl::Status Discard(const HttpResponse&, absl::string_view) {
  return absl::OkStatus();
}

std::string IfMissing(const KubeObject& object) {
  return object.if_missing.empty()
             ? absl::StrCat("there is no ", NameOf(object))
             : object.if_missing;
}

KubeRequest RequestFor(const KubeObject& object, absl::string_view verb) {
  KubeRequest request;
  request.call.target = PathOf(object);
  request.right = RightTo(verb, object);
  request.if_missing = IfMissing(object);
  return request;
}

KubeRequest PatchOf(const KubeObject& object, absl::string_view verb,
                    const std::string& content_type, std::string patch) {
  KubeRequest request = RequestFor(object, verb);
  request.call.method = "PATCH";
  request.call.content_type = content_type;
  request.call.body = std::move(patch);
  request.call.sink = Discard;
  return request;
}

// The words tell it from a conflict that passes. The server has two texts for
// it: before it deletes, and while it does.
bool IsOfAnother(absl::string_view message) {
  return absl::StrContains(message, "the UID in the precondition") ||
         absl::StrContains(message, "UID in precondition");
}

// Returns `patch` with the version of the object that it is for.
absl::StatusOr<std::string> Guarded(absl::string_view patch,
                                    const std::string& version) {
  // The server takes "" as any version.
  if (version.empty()) return absl::InvalidArgumentError("no version to guard");
  ASSIGN_OR_RETURN(const JsonDocument keys, JsonDocument::ParseObject(patch));
  if (keys["metadata"].exists()) {
    return absl::InvalidArgumentError("a guarded patch has metadata");
  }
  std::string guarded = R"({"metadata":{"resourceVersion":)";
  AppendJsonString(version, guarded);
  absl::StrAppend(&guarded, "}", keys.root().size() == 0 ? "" : ",",
                  patch.substr(patch.find('{') + 1));
  return guarded;
}

// One request with all its tries.
class Tries {
 public:
  Tries(const ApiServer& server, const KubeClient::Seams& seams,
        KubeRequest request)
      : server_(server), seams_(seams), request_(std::move(request)) {}

  // Returns the body of the answer.
  absl::StatusOr<std::string> Run(const KubeCall& call) {
    absl::Status status = TryUntil(call.until, call.stop, call.purpose);
    if (absl::IsCancelled(status) && call.after_stop > absl::ZeroDuration()) {
      status = TryUntil(seams_.clock.Now() + call.after_stop, {}, call.purpose);
    }
    if (!status.ok()) return status;
    return std::move(body_);
  }

 private:
  struct Try {
    absl::Status status;
    bool may_pass = false;
    absl::Duration delay = absl::ZeroDuration();  // at least
  };

  absl::Status TryUntil(Instant until, const std::stop_token& stop,
                        const std::string& purpose) {
    for (int tries = 0; !stop.stop_requested(); ++tries) {
      const Try last = TryOnce(until, stop);
      if (!last.may_pass) return last.status;
      const absl::Duration delay = std::max(DelayAfter(tries), last.delay);
      if (seams_.clock.Now() + delay >= until) return last.status;
      Log(LogLevel::kDebug, absl::StrCat(purpose, " retry"),
          {{"error", last.status.message()}, {"retry_in", delay}});
      seams_.clock.SleepUntil(seams_.clock.Now() + delay, stop);
    }
    return absl::CancelledError("interrupted");
  }

  absl::Duration DelayAfter(int tries) const {
    const absl::Duration doubled =
        std::min(kFirstDelay * std::exp2(tries), kMaxDelay);
    return doubled * (1.0 - 0.5 * seams_.roll_dice());
  }

  Try TryOnce(Instant until, const std::stop_token& stop) {
    request_.call.limits.connect = kTryTimeout;
    request_.call.limits.idle = kTryTimeout;
    request_.call.limits.until =
        std::min(until, seams_.clock.Now() + request_.timeout);
    absl::StatusOr<ApiAnswer> answer =
        SendOnce(server_, seams_, request_.call, stop);
    if (answer.ok()) return Evaluate(*std::move(answer));
    return {answer.status(), request_.is_harmless_twice &&
                                 (absl::IsUnavailable(answer.status()) ||
                                  absl::IsDeadlineExceeded(answer.status()))};
  }

  Try Evaluate(ApiAnswer answer) {
    if (answer.ok()) {
      body_ = std::move(answer.response.body);
      return {absl::OkStatus()};
    }
    const int code = answer.response.status;
    std::string said = absl::StrCat("the API server answered ", code);
    const std::string message = answer.Message();
    if (!message.empty()) absl::StrAppend(&said, ": ", message);
    if (request_.meaning) {
      if (std::optional<absl::Status> own = request_.meaning(answer, said)) {
        return {*std::move(own)};
      }
    }
    switch (code) {
      case 401:
        return {absl::UnauthenticatedError(said),
                IsWorthAnotherTry(answer.token)};
      case 403:
        return {absl::PermissionDeniedError(
            absl::StrCat(said, " (the account needs ", request_.right, ")"))};
      case 404:
        return {absl::NotFoundError(
            absl::StrCat(said, " (", request_.if_missing, ")"))};
      case 409:
      case 429:
        return {absl::UnavailableError(said), true,
                RetryAfter(answer.response)};
      default:
        return {absl::UnavailableError(said),
                code / 100 == 5 && request_.is_harmless_twice,
                RetryAfter(answer.response)};
    }
  }

  // A refused token may be being replaced, and the first refusal may come from
  // a server that does not know it yet.
  bool IsWorthAnotherTry(const std::string& refused) {
    return std::exchange(last_refused_, refused) != refused;
  }

  const ApiServer& server_;
  const KubeClient::Seams& seams_;
  KubeRequest request_;
  std::string last_refused_;
  std::string body_;
};

}  // namespace

KubeClient::KubeClient(ApiServer server, Seams seams)
    : server_(std::move(server)), seams_(std::move(seams)) {}

absl::StatusOr<JsonDocument> KubeClient::Get(const KubeObject& object,
                                             const KubeCall& call) {
  KubeRequest request = RequestFor(object, "\"get\"");
  request.call.limits.body_bytes = kMaxObjectBytes;
  ASSIGN_OR_RETURN(const std::string body,
                   Tries(server_, seams_, std::move(request)).Run(call));
  return JsonDocument::ParseObject(body);
}

absl::StatusOr<JsonDocument> KubeClient::List(const KubeCollection& collection,
                                              absl::string_view page,
                                              const KubeCall& call) {
  KubeRequest request;
  request.call.target =
      absl::StrCat(PathOf(collection), "?limit=", kObjectsPerPage,
                   page.empty() ? "" : "&continue=", PercentEncoded(page),
                   SelectorsOf(collection));
  request.call.limits.body_bytes = kMaxPageBytes;
  request.timeout = kPageTimeout;
  request.right = RightTo("\"list\"", collection);
  request.if_missing = absl::StrCat("there are no ", collection.resource);
  request.meaning = [](const ApiAnswer& answer,
                       const std::string& said) -> std::optional<absl::Status> {
    if (answer.response.status != 410) return std::nullopt;
    return absl::AbortedError(said);
  };
  ASSIGN_OR_RETURN(const std::string body,
                   Tries(server_, seams_, std::move(request)).Run(call));
  return JsonDocument::ParseObject(body);
}

absl::Status KubeClient::Create(const KubeObject& object, std::string text,
                                const KubeCall& call) {
  const KubeCollection among = {.group_version = object.group_version,
                                .resource = object.resource,
                                .object_namespace = object.object_namespace};
  KubeRequest request;
  request.call = {
      .method = "POST",
      .target = absl::StrCat(PathOf(among), "?fieldManager=prepull"),
      .content_type = std::string(kJson),
      .body = std::move(text),
      .sink = Discard};
  // A role cannot name what is yet to be made.
  request.right = RightTo("\"create\"", among);
  request.if_missing =
      object.if_missing.empty()
          ? absl::StrCat("there is no place for ", NameOf(object))
          : object.if_missing;
  request.meaning = [](const ApiAnswer& answer,
                       const std::string& said) -> std::optional<absl::Status> {
    const bool exists =
        answer.response.status == 409 && answer.Reason() == "AlreadyExists";
    if (!exists) return std::nullopt;
    return absl::AlreadyExistsError(said);
  };
  return Tries(server_, seams_, std::move(request)).Run(call).status();
}

absl::Status KubeClient::Delete(const KubeObject& object,
                                const std::string& uid, const KubeCall& call) {
  KubeRequest request = RequestFor(object, "\"delete\"");
  JsonWriter options;
  options.OpenObject();
  options.String("kind", "DeleteOptions").String("apiVersion", "v1");
  options.String("propagationPolicy", "Background");
  if (!uid.empty()) {
    options.OpenObject("preconditions").String("uid", uid).CloseObject();
  }
  options.CloseObject();
  request.call.method = "DELETE";
  request.call.content_type = std::string(kJson);
  request.call.body = options.Take();
  request.call.sink = Discard;
  request.meaning =
      [&uid](const ApiAnswer& answer,
             const std::string& said) -> std::optional<absl::Status> {
    const int code = answer.response.status;
    if (code == 404) return absl::OkStatus();
    const bool is_another =
        code == 409 && !uid.empty() && IsOfAnother(answer.Message());
    if (!is_another) return std::nullopt;
    return absl::FailedPreconditionError(said);
  };
  return Tries(server_, seams_, std::move(request)).Run(call).status();
}

absl::Status KubeClient::JsonPatch(const KubeObject& object, std::string patch,
                                   const KubeCall& call) {
  KubeRequest request = PatchOf(
      object, "\"patch\"", "application/json-patch+json", std::move(patch));
  // It may add to a list.
  request.is_harmless_twice = false;
  request.meaning = [](const ApiAnswer& answer,
                       const std::string& said) -> std::optional<absl::Status> {
    if (answer.response.status != 422) return std::nullopt;
    return absl::FailedPreconditionError(said);
  };
  return Tries(server_, seams_, std::move(request)).Run(call).status();
}

absl::Status KubeClient::MergePatch(const KubeObject& object, std::string patch,
                                    const KubeCall& call) {
  // Like a strategic merge patch, which is more complex, it changes the keys of
  // a map that it has and keeps the others.
  return Tries(server_, seams_,
               PatchOf(object, "\"patch\"", "application/merge-patch+json",
                       std::move(patch)))
      .Run(call)
      .status();
}

absl::StatusOr<std::string> KubeClient::ChangeGuarded(
    const KubeObject& object, absl::string_view patch,
    const std::string& version, const KubeCall& call) {
  ASSIGN_OR_RETURN(std::string guarded, Guarded(patch, version));
  KubeRequest request = PatchOf(
      object, "\"patch\"", "application/merge-patch+json", std::move(guarded));
  request.call.sink = nullptr;
  request.call.limits.body_bytes = kMaxObjectBytes;
  request.meaning = [](const ApiAnswer& answer,
                       const std::string& said) -> std::optional<absl::Status> {
    if (answer.response.status != 409) return std::nullopt;
    return absl::AbortedError(absl::StrCat("the object has changed: ", said));
  };
  ASSIGN_OR_RETURN(const std::string body,
                   Tries(server_, seams_, std::move(request)).Run(call));
  ASSIGN_OR_RETURN(const JsonDocument changed, JsonDocument::ParseObject(body));
  std::string now = changed["metadata"]["resourceVersion"].StringOrEmpty();
  if (now.empty())
    return absl::InvalidArgumentError("no version in the answer");
  return now;
}

absl::Status KubeClient::Apply(const KubeObject& object, std::string intent,
                               const KubeCall& call) {
  // JSON is YAML.
  KubeRequest request =
      PatchOf(object, "\"patch\" and \"create\"",
              "application/apply-patch+yaml", std::move(intent));
  request.call.target += "?fieldManager=prepull&force=true";
  return Tries(server_, seams_, std::move(request)).Run(call).status();
}

}  // namespace prepull
