#include "prepull/kube/node_labeler.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/http/headers.h"
#include "src/kube/api_message.h"

namespace prepull {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);
// A pod that was told to stop has 5 s, and the run's own end takes up to 2.
constexpr absl::Duration kPatienceWhenStopped = absl::Seconds(2);
constexpr absl::Duration kOneTry = absl::Seconds(4);
constexpr absl::Duration kFirstDelay = absl::Milliseconds(250);
constexpr absl::Duration kLongestDelay = absl::Seconds(2);
// A bound token has 1 to 2 kB.
constexpr int64_t kLargestToken = 64 << 10;

std::string PatchText(const NodeLabelPatch& patch) {
  JsonWriter json;
  json.OpenObject().OpenObject("metadata").OpenObject("labels");
  json.String(patch.key, patch.value);
  json.CloseObject().CloseObject().CloseObject();
  return json.Take();
}

class Labeling {
 public:
  Labeling(const NodeLabelPatch& patch, const ApiServer& server,
           const LabelContext& context)
      : patch_(patch), server_(server), context_(context) {}

  absl::Status TryFor(absl::Duration patience, const std::stop_token& stop) {
    const Instant until = context_.clock.Now() + patience;
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
        std::min(kFirstDelay * std::exp2(tries), kLongestDelay);
    return doubled * (1.0 - 0.5 * context_.roll_dice());
  }

  absl::StatusOr<std::string> ReadToken() const {
    const std::string path =
        absl::StrCat(server_.service_account_dir, "/token");
    // A pipe would be waited for without end.
    ASSIGN_OR_RETURN(const FileKind kind, context_.files.KindOf(path));
    if (kind != FileKind::kFile) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": is no file"));
    }
    ASSIGN_OR_RETURN(const std::string text,
                     context_.files.ReadFile(path, kLargestToken));
    std::string token(absl::StripAsciiWhitespace(text));
    const bool is_token =
        !token.empty() &&
        std::all_of(token.begin(), token.end(), absl::ascii_isgraph);
    if (is_token) return token;
    return absl::InvalidArgumentError(absl::StrCat(path, ": holds no token"));
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
                     // The plainer of the two kinds that do: of a map of texts
                     // both change the one key and leave the others alone.
                     {"Content-Type", "application/merge-patch+json"}},
         .body = PatchText(patch_),
         // The whole Node comes back, which nobody needs.
         .sink = [](const HttpResponse&,
                    absl::string_view) { return absl::OkStatus(); },
         .limits = {.connect = kOneTry,
                    .idle = kOneTry,
                    .until = std::min(until, now + kOneTry)},
         .ca_file = absl::StrCat(server_.service_account_dir, "/ca.crt")},
        stop);
    if (response.ok()) return Judge(*response, *token);
    return {response.status(), absl::IsUnavailable(response.status()) ||
                                   absl::IsDeadlineExceeded(response.status())};
  }

  Try Judge(const HttpResponse& response, const std::string& token) {
    const int code = response.status;
    if (code / 100 == 2) return {absl::OkStatus()};
    std::string said = absl::StrCat("the API server answered ", code);
    const std::string message = ApiMessage(response.body, token);
    if (!message.empty()) absl::StrAppend(&said, ": ", message);
    switch (code) {
      case 401:
        return {absl::UnauthenticatedError(said), IsWorthAnotherTry(token)};
      case 403:
        return {absl::PermissionDeniedError(absl::StrCat(
            said, " (the service account needs \"patch\" on \"nodes\")"))};
      case 404:
        return {absl::NotFoundError(absl::StrCat(
            said, " (--node or NODE_NAME must be the Node's name)"))};
      case 409:
      case 429:
        return {absl::UnavailableError(said), true, RetryAfter(response)};
      default:
        return {absl::UnavailableError(said), code / 100 == 5,
                RetryAfter(response)};
    }
  }

  // A token that was refused may be replaced just now, and the first refusal
  // may come from a server that does not know it yet.
  bool IsWorthAnotherTry(const std::string& refused) {
    return std::exchange(last_refused_, refused) != refused;
  }

  const NodeLabelPatch& patch_;
  const ApiServer& server_;
  const LabelContext& context_;
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

absl::Status LabelNode(const NodeLabelPatch& patch, const ApiServer& server,
                       const LabelContext& context,
                       const std::stop_token& stop) {
  Labeling labeling(patch, server, context);
  absl::Status status = labeling.TryFor(kPatience, stop);
  if (!absl::IsCancelled(status)) return status;
  return labeling.TryFor(kPatienceWhenStopped, {});
}

}  // namespace prepull
