#include "prepull/kube/kube_client.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/label.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/headers.h"
#include "prepull/http/url.h"

namespace prepull {
namespace {

constexpr absl::Duration kTryTimeout = absl::Seconds(4);
constexpr absl::Duration kFirstDelay = absl::Milliseconds(250);
constexpr absl::Duration kMaxDelay = absl::Seconds(2);
// A bound token has 1 to 2 kB.
constexpr int64_t kMaxAccountFileBytes = 64 << 10;

// What is asked of the API server.
struct KubeRequest {
  const KubeObject& object;
  std::string method = "";
  std::string query = "";  // "?key=value"
  std::string content_type = "";
  std::string body = "";
  // What RBAC calls it: "\"patch\"".
  std::string verb = "";
};

// Returns the text of a file of the service account.
absl::StatusOr<std::string> ReadAccountFile(const std::string& path,
                                            FileSystem& files) {
  // Reading a pipe could block for ever.
  ASSIGN_OR_RETURN(const FileKind kind, files.KindOf(path));
  if (kind != FileKind::kFile) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": expected a file"));
  }
  ASSIGN_OR_RETURN(const std::string text,
                   files.ReadFile(path, kMaxAccountFileBytes));
  return std::string(absl::StripAsciiWhitespace(text));
}

std::string PathOf(const KubeObject& object) {
  const bool is_core = !absl::StrContains(object.group_version, '/');
  std::string path =
      absl::StrCat(is_core ? "/api/" : "/apis/", object.group_version);
  if (!object.object_namespace.empty()) {
    absl::StrAppend(&path, "/namespaces/",
                    PercentEncoded(object.object_namespace));
  }
  return absl::StrCat(path, "/", object.resource, "/",
                      PercentEncoded(object.name));
}

// As kubectl calls it: configmaps "x" in namespace y.
std::string NameOf(const KubeObject& object) {
  std::string text = absl::StrCat(object.resource, " \"", object.name, "\"");
  if (!object.object_namespace.empty()) {
    absl::StrAppend(&text, " in namespace ", object.object_namespace);
  }
  return text;
}

// Roles name objects; what belongs to the cluster is granted as a whole.
std::string RightTo(const std::string& verb, const KubeObject& object) {
  if (object.object_namespace.empty()) {
    return absl::StrCat(verb, " on \"", object.resource, "\"");
  }
  return absl::StrCat(verb, " on \"", object.resource, "/", object.name,
                      "\" in namespace ", object.object_namespace);
}

// Returns the message of the Status in `body`, printable and short; "" if there
// is none. `secret` is cut out.
std::string MessageOf(absl::string_view body, absl::string_view secret) {
  const absl::StatusOr<JsonDocument> status = JsonDocument::Parse(body);
  if (!status.ok() || (*status)["kind"].StringOrEmpty() != "Status") return "";
  const std::string message = (*status)["message"].StringOrEmpty();
  return Printable(absl::StrReplaceAll(message, {{secret, "..."}}), 300);
}

// One request with all its tries.
class Tries {
 public:
  Tries(const ApiServer& server, const KubeClient::Seams& seams,
        KubeRequest request)
      : server_(server), seams_(seams), request_(std::move(request)) {}

  absl::Status Run(const KubeCall& call) {
    absl::Status status = TryUntil(call.until, call.stop, call.purpose);
    if (!absl::IsCancelled(status)) return status;
    if (call.after_stop <= absl::ZeroDuration()) return status;
    return TryUntil(seams_.clock.Now() + call.after_stop, {}, call.purpose);
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

  absl::StatusOr<std::string> ReadToken() const {
    const std::string path =
        absl::StrCat(server_.service_account_dir, "/token");
    ASSIGN_OR_RETURN(std::string token, ReadAccountFile(path, seams_.files));
    const bool is_token =
        !token.empty() &&
        std::all_of(token.begin(), token.end(), absl::ascii_isgraph);
    if (is_token) return token;
    return absl::InvalidArgumentError(absl::StrCat(path, ": invalid token"));
  }

  Try TryOnce(Instant until, const std::stop_token& stop) {
    const absl::StatusOr<std::string> token = ReadToken();
    if (!token.ok()) return {Annotate(token.status(), "service account")};
    const Instant now = seams_.clock.Now();
    const absl::StatusOr<HttpResponse> response = seams_.http.Send(
        {.method = request_.method,
         .url =
             absl::StrCat(server_.url, PathOf(request_.object), request_.query),
         .headers = {{"Authorization", absl::StrCat("Bearer ", *token)},
                     {"Accept", "application/json"},
                     {"Content-Type", request_.content_type}},
         .body = request_.body,
         // The answer is the whole object; it is not needed.
         .sink = [](const HttpResponse&,
                    absl::string_view) { return absl::OkStatus(); },
         .limits = {.connect = kTryTimeout,
                    .idle = kTryTimeout,
                    .until = std::min(until, now + kTryTimeout)},
         .ca_file = absl::StrCat(server_.service_account_dir, "/ca.crt")},
        stop);
    if (response.ok()) return Evaluate(*response, *token);
    return {response.status(), absl::IsUnavailable(response.status()) ||
                                   absl::IsDeadlineExceeded(response.status())};
  }

  Try Evaluate(const HttpResponse& response, const std::string& token) {
    const int code = response.status;
    if (code / 100 == 2) return {absl::OkStatus()};
    std::string answer = absl::StrCat("the API server answered ", code);
    const std::string message = MessageOf(response.body, token);
    if (!message.empty()) absl::StrAppend(&answer, ": ", message);
    const KubeObject& object = request_.object;
    switch (code) {
      case 401:
        return {absl::UnauthenticatedError(answer), IsWorthAnotherTry(token)};
      case 403:
        return {absl::PermissionDeniedError(
            absl::StrCat(answer, " (the service account needs ",
                         RightTo(request_.verb, object), ")"))};
      case 404:
        return {absl::NotFoundError(
            absl::StrCat(answer, " (",
                         object.if_missing.empty()
                             ? absl::StrCat("there is no ", NameOf(object))
                             : object.if_missing,
                         ")"))};
      case 409:
      case 429:
        return {absl::UnavailableError(answer), true, RetryAfter(response)};
      default:
        return {absl::UnavailableError(answer), code / 100 == 5,
                RetryAfter(response)};
    }
  }

  // A refused token may be being replaced, and the first refusal may come from
  // a server that does not know it yet.
  bool IsWorthAnotherTry(const std::string& refused) {
    return std::exchange(last_refused_, refused) != refused;
  }

  const ApiServer& server_;
  const KubeClient::Seams& seams_;
  const KubeRequest request_;
  std::string last_refused_;
};

}  // namespace

absl::StatusOr<ApiServer> FindApiServer(const Host& host) {
  const auto variable = [&host](const char* name) {
    return host.Environment(name).value_or("");
  };
  std::string name = variable("KUBERNETES_SERVICE_HOST");
  if (name.empty()) {
    return absl::NotFoundError("KUBERNETES_SERVICE_HOST is not set");
  }
  if (absl::StrContains(name, ':')) name = absl::StrCat("[", name, "]");
  std::string port = variable("KUBERNETES_SERVICE_PORT_HTTPS");
  if (port.empty()) port = variable("KUBERNETES_SERVICE_PORT");
  if (port.empty()) port = "443";
  return ApiServer{.url = absl::StrCat("https://", name, ":", port)};
}

absl::StatusOr<std::string> ReadNamespace(
    const std::string& service_account_dir, FileSystem& files) {
  const std::string path = absl::StrCat(service_account_dir, "/namespace");
  ASSIGN_OR_RETURN(std::string name, ReadAccountFile(path, files));
  if (IsDnsSubdomain(name)) return name;
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": \"", Printable(name, 64), "\" is no namespace"));
}

KubeClient::KubeClient(ApiServer server, Seams seams)
    : server_(std::move(server)), seams_(std::move(seams)) {}

absl::Status KubeClient::MergePatch(const KubeObject& object, std::string patch,
                                    const KubeCall& call) {
  // Like a strategic merge patch, which is more complex, it changes the keys of
  // a map that it has and keeps the others.
  return Tries(server_, seams_,
               {.object = object,
                .method = "PATCH",
                .content_type = "application/merge-patch+json",
                .body = std::move(patch),
                .verb = "\"patch\""})
      .Run(call);
}

absl::Status KubeClient::Apply(const KubeObject& object, std::string intent,
                               const KubeCall& call) {
  return Tries(server_, seams_,
               {.object = object,
                .method = "PATCH",
                .query = "?fieldManager=prepull&force=true",
                // JSON is YAML.
                .content_type = "application/apply-patch+yaml",
                .body = std::move(intent),
                .verb = "\"patch\" and \"create\""})
      .Run(call);
}

}  // namespace prepull
