#include <string>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/http/headers.h"
#include "prepull/kube/kube_client.h"
#include "src/kube/api_call.h"

namespace prepull {
namespace {

constexpr absl::Duration kWatchConnect = absl::Seconds(10);
constexpr absl::Duration kListIdle = absl::Seconds(15);
constexpr absl::Duration kListTimeout = absl::Seconds(60);
constexpr int64_t kMaxListBytes = 64 << 20;

using OnNews = std::function<void(WatchStep&)>;

ApiCall CallFor(const WatchQuestion& question, WatchStep& step,
                const OnNews& on_news, Instant now) {
  ApiCall call = {.target =
                      absl::StrCat(PathOf(step.collection()), question.query)};
  call.limits.connect = kWatchConnect;
  if (question.kind == WatchQuestion::Kind::kPage) {
    call.limits.idle = kListIdle;
    call.limits.until = now + kListTimeout;
    call.limits.body_bytes = kMaxListBytes;
    return call;
  }
  call.limits.idle = question.idle;
  call.limits.until = question.until;
  call.sink = [&step, &on_news](const HttpResponse&, absl::string_view piece) {
    absl::Status fed = step.OnPiece(piece);
    on_news(step);
    return fed;
  };
  return call;
}

void Report(WatchStep& step, WatchQuestion::Kind kind,
            const absl::StatusOr<ApiAnswer>& answer, Instant now) {
  if (!answer.ok()) {
    step.OnEnd(answer.status(), now);
  } else if (!answer->ok()) {
    step.OnRefusal({.http_status = answer->response.status,
                    .message = answer->Message(),
                    .retry_after = RetryAfter(answer->response)});
  } else if (kind == WatchQuestion::Kind::kWatch) {
    step.OnEnd(absl::OkStatus(), now);
  } else {
    step.OnPage(answer->response.body, now);
  }
}

}  // namespace

void KubeClient::Watch(WatchStep& step, const OnNews& on_news,
                       const std::stop_token& stop) {
  std::string warned;
  while (!stop.stop_requested()) {
    const WatchQuestion question = step.Next(seams_.clock.Now());
    const Instant at = seams_.clock.Now() + question.delay;
    if (!seams_.clock.SleepUntil(at, stop)) return;
    const absl::StatusOr<ApiAnswer> answer =
        SendOnce(server_, seams_,
                 CallFor(question, step, on_news, seams_.clock.Now()), stop);
    // What was stopped has no news.
    if (stop.stop_requested()) return;
    Report(step, question.kind, answer, seams_.clock.Now());
    on_news(step);
    const std::string& problem = step.problem();
    if (!problem.empty() && problem != warned) {
      Log(LogLevel::kWarn, "objects not up to date", {{"error", problem}});
      warned = problem;
    }
    // Lists may be fine while watches are not.
    const bool is_well =
        problem.empty() && question.kind == WatchQuestion::Kind::kWatch;
    if (is_well) warned.clear();
  }
}

}  // namespace prepull
