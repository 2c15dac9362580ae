#include "src/registry/retrying_client.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/headers.h"
#include "prepull/http/url.h"
#include "src/registry/responses.h"

namespace prepull {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kMaxPause = absl::Seconds(30);
constexpr absl::Duration kReservedForLastTry = absl::Seconds(30);
// A server that asks for more is not waited for.
constexpr absl::Duration kMaxRetryAfter = absl::Minutes(5);

}  // namespace

RetryingClient::RetryingClient(const RegistryOptions& options, HttpClient& http,
                               Clock& clock, RollDice roll_dice)
    : options_(options),
      http_(http),
      clock_(clock),
      roll_dice_(std::move(roll_dice)) {}

bool RetryingClient::IsUnreachable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

absl::StatusOr<HttpResponse> RetryingClient::Send(HttpRequest request,
                                                  const Place& place) {
  const int tries = std::min(place.tries, options_.patience.tries);
  bool is_begun = false;
  if (request.sink != nullptr) {
    request.sink = [&is_begun, sink = std::move(request.sink)](
                       const HttpResponse& head, absl::string_view piece) {
      is_begun = true;
      return sink(head, piece);
    };
  }
  for (int next = 1;; ++next) {
    absl::StatusOr<HttpResponse> response = SendOnce(request, place);
    const bool is_final = response.ok() ? !IsBusy(response->status)
                                        : !IsUnreachable(response.status());
    if (is_final || is_begun || next == tries) return response;
    const absl::Duration retry_after =
        response.ok() ? std::min(RetryAfter(*response), kMaxRetryAfter)
                      : absl::ZeroDuration();
    {
      MutexLock lock(mutex_);
      retry_at_ = std::max(retry_at_, clock_.Now() + retry_after);
    }
    const std::string why = response.ok()
                                ? absl::StrCat("status ", response->status)
                                : std::string(response.status().message());
    Log(LogLevel::kInfo, "registry is asked again",
        {{"url", Printable(WithoutUrlSecrets(request.url), 200)},
         {"error", why}});
    const absl::Status paused = Pause(next, retry_after);
    if (absl::IsCancelled(paused)) return paused;
    if (!paused.ok()) return response;
  }
}

absl::StatusOr<HttpResponse> RetryingClient::SendOnce(HttpRequest request,
                                                      const Place& place) {
  request.limits.until =
      std::min(options_.deadline, clock_.Now() + options_.patience.request);
  request.ca_file = options_.ca_file;
  request.extra_ca_file = options_.extra_ca_file;
  request.extra_ca = place.ca;
  request.accepts_any_certificate = place.accepts_any_certificate;
  request.proxy = options_.proxies.For(request.url);
  const absl::StatusOr<Url> url = ParseUrl(request.url);
  RETURN_IF_ERROR(url.status());
  const std::string server = url->origin.text();
  request.limits.idle = IdleTimeout(server);
  const Instant begun = clock_.Now();
  absl::StatusOr<HttpResponse> response = http_.Send(request, options_.stop);
  if (response.ok() || !IsUnreachable(response.status())) return response;
  if (absl::IsDeadlineExceeded(response.status()) &&
      clock_.Now() - begun >= request.limits.idle) {
    RaiseIdleTimeout(server, request.limits.idle);
  }
  return PassingError(response.status());
}

absl::Duration RetryingClient::IdleTimeout(const std::string& server) {
  MutexLock lock(mutex_);
  const auto found = idle_timeouts_.find(server);
  return found == idle_timeouts_.end() ? HttpLimits().idle : found->second;
}

// From the timeout that expired, not from the current one: many requests may
// have run into it at the same time.
void RetryingClient::RaiseIdleTimeout(const std::string& server,
                                      absl::Duration expired) {
  MutexLock lock(mutex_);
  absl::Duration& timeout = idle_timeouts_[server];
  timeout = std::max(timeout, 2 * expired);
}

absl::Status RetryingClient::PauseForAll(int tries) {
  const Instant now = clock_.Now();
  const absl::Duration left = options_.deadline - now;
  const absl::Duration max_pause =
      left - std::min(kReservedForLastTry, left / 2);
  absl::Duration pause = PauseAfter(tries);
  Instant retry_at;
  {
    MutexLock lock(mutex_);
    retry_at = retry_at_;
    if (pause > max_pause && !std::exchange(had_last_try_, true))
      pause = max_pause;
  }
  if (retry_at >= options_.deadline) {
    Log(LogLevel::kWarn,
        "a registry wants no request until after the deadline");
  }
  return WaitUntil(std::max(now + pause, retry_at));
}

absl::Status RetryingClient::Pause(int tries, absl::Duration at_least) {
  return WaitUntil(clock_.Now() + std::max(PauseAfter(tries), at_least));
}

absl::Duration RetryingClient::PauseAfter(int tries) {
  const absl::Duration pause =
      std::min(kFirstPause * std::exp2(std::min(tries, 60) - 1), kMaxPause);
  MutexLock lock(mutex_);
  return pause * (1 - roll_dice_() / 2);
}

absl::Status RetryingClient::WaitUntil(Instant until) {
  if (until >= options_.deadline) {
    return PassingError(absl::DeadlineExceededError(
        "no time for another try before the deadline"));
  }
  return clock_.SleepUntil(until, options_.stop)
             ? absl::OkStatus()
             : absl::CancelledError("interrupted");
}

}  // namespace prepull
