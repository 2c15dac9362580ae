#include "src/kube/node_patch.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/headers.h"

namespace prepull {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
// A pod that was told to stop has 5 s, and the run's own end takes up to 2.
constexpr absl::Duration kTimeoutWhenStopped = absl::Seconds(2);
constexpr absl::Duration kTryTimeout = absl::Seconds(4);
constexpr absl::Duration kFirstDelay = absl::Milliseconds(250);
constexpr absl::Duration kMaxDelay = absl::Seconds(2);
// A bound token has 1 to 2 kB.
constexpr int64_t kMaxTokenBytes = 64 << 10;

std::string PatchText(const NodeLabelPatch& patch) {
  JsonWriter json;
  json.OpenObject().OpenObject("metadata").OpenObject("labels");
  json.String(patch.key, patch.value);
  json.CloseObject().CloseObject().CloseObject();
  return json.Take();
}

// Returns the message of the Status in `body`, printable and short; "" if there
// is none. `secret` is cut out.
std::string MessageOf(absl::string_view body, absl::string_view secret) {
  const absl::StatusOr<JsonDocument> status = JsonDocument::Parse(body);
  if (!status.ok() || (*status)["kind"].StringOrEmpty() != "Status") return "";
  const std::string message = (*status)["message"].StringOrEmpty();
  return Printable(absl::StrReplaceAll(message, {{secret, "..."}}), 300);
}

class LabelPatcher {
 public:
  LabelPatcher(const NodeLabelPatch& patch, const ApiServer& server,
               const PatchContext& context)
      : patch_(patch), server_(server), context_(context) {}

  absl::Status TryFor(absl::Duration timeout, const std::stop_token& stop) {
    const Instant until = context_.clock.Now() + timeout;
    for (int tries = 0; !stop.stop_requested(); ++tries) {
      const Try last = TryOnce(until, stop);
      if (!last.may_pass) return last.status;
      const absl::Duration delay = std::max(DelayAfter(tries), last.delay);
      if (context_.clock.Now() + delay >= until) return last.status;
      Log(LogLevel::kDebug, "node label retry",
          {{"error", last.status.message()}, {"retry_in", delay}});
      context_.clock.SleepUntil(context_.clock.Now() + delay, stop);
    }
    return absl::CancelledError("interrupted");
  }

 private:
  struct Try {
    absl::Status status;
    bool may_pass = false;
    absl::Duration delay = absl::ZeroDuration();  // at least
  };

  absl::Duration DelayAfter(int tries) const {
    const absl::Duration doubled =
        std::min(kFirstDelay * std::exp2(tries), kMaxDelay);
    return doubled * (1.0 - 0.5 * context_.roll_dice());
  }

  absl::StatusOr<std::string> ReadToken() const {
    const std::string path =
        absl::StrCat(server_.service_account_dir, "/token");
    // Reading a pipe could block for ever.
    ASSIGN_OR_RETURN(const FileKind kind, context_.files.KindOf(path));
    if (kind != FileKind::kFile) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": expected a file"));
    }
    ASSIGN_OR_RETURN(const std::string text,
                     context_.files.ReadFile(path, kMaxTokenBytes));
    std::string token(absl::StripAsciiWhitespace(text));
    const bool is_token =
        !token.empty() &&
        std::all_of(token.begin(), token.end(), absl::ascii_isgraph);
    if (is_token) return token;
    return absl::InvalidArgumentError(absl::StrCat(path, ": invalid token"));
  }

  Try TryOnce(Instant until, const std::stop_token& stop) {
    const absl::StatusOr<std::string> token = ReadToken();
    if (!token.ok()) return {Annotate(token.status(), "service account")};
    const Instant now = context_.clock.Now();
    const absl::StatusOr<HttpResponse> response = context_.http.Send(
        {.method = "PATCH",
         .url = absl::StrCat(server_.url, "/api/v1/nodes/", patch_.node),
         .headers = {{"Authorization", absl::StrCat("Bearer ", *token)},
                     {"Accept", "application/json"},
                     // Like a strategic merge patch, which is more complex, it
                     // changes this key of the map and keeps the others.
                     {"Content-Type", "application/merge-patch+json"}},
         .body = PatchText(patch_),
         // The answer is the whole Node; it is not needed.
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
    switch (code) {
      case 401:
        return {absl::UnauthenticatedError(answer), IsWorthAnotherTry(token)};
      case 403:
        return {absl::PermissionDeniedError(absl::StrCat(
            answer, " (the service account needs \"patch\" on \"nodes\")"))};
      case 404:
        return {absl::NotFoundError(absl::StrCat(
            answer, " (--node or NODE_NAME must be the Node's name)"))};
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

  const NodeLabelPatch& patch_;
  const ApiServer& server_;
  const PatchContext& context_;
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

absl::Status PatchNodeLabel(const NodeLabelPatch& patch,
                            const ApiServer& server,
                            const PatchContext& context,
                            const std::stop_token& stop) {
  LabelPatcher patcher(patch, server, context);
  absl::Status status = patcher.TryFor(kTimeout, stop);
  if (!absl::IsCancelled(status)) return status;
  return patcher.TryFor(kTimeoutWhenStopped, {});
}

}  // namespace prepull
