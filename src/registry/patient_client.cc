#include "src/registry/patient_client.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/registry/answer_error.h"
#include "src/registry/registry_url.h"

namespace prepull {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kLongestPause = absl::Seconds(30);
constexpr absl::Duration kForLastTry = absl::Seconds(30);
// A server that asks for more is one that we need not wait for.
constexpr absl::Duration kLongestRetryAfter = absl::Minutes(5);

// Of a number of seconds; a date is worth no clock of ours.
absl::Duration RetryAfter(const HttpResponse& response) {
  int seconds = 0;
  if (!absl::SimpleAtoi(response.Header("Retry-After"), &seconds)) {
    return absl::ZeroDuration();
  }
  return std::clamp(absl::Seconds(seconds), absl::ZeroDuration(),
                    kLongestRetryAfter);
}

}  // namespace

PatientClient::PatientClient(const RegistryOptions& options, HttpClient& http,
                             Clock& clock, RollDice roll_dice)
    : options_(options),
      http_(http),
      clock_(clock),
      roll_dice_(std::move(roll_dice)) {}

bool PatientClient::IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

absl::StatusOr<HttpResponse> PatientClient::Send(HttpRequest request,
                                                 int tries) {
  bool is_begun = false;
  if (request.sink != nullptr) {
    request.sink = [&is_begun, sink = std::move(request.sink)](
                       const HttpResponse& head, absl::string_view piece) {
      is_begun = true;
      return sink(head, piece);
    };
  }
  for (int next = 1;; ++next) {
    absl::StatusOr<HttpResponse> response = SendOnce(request);
    const bool is_final =
        response.ok() ? !IsBusy(response->status) : !IsAway(response.status());
    if (is_final || is_begun || next == tries) return response;
    const absl::Duration asked =
        response.ok() ? RetryAfter(*response) : absl::ZeroDuration();
    {
      MutexLock lock(mutex_);
      asked_until_ = std::max(asked_until_, clock_.Now() + asked);
    }
    const std::string why =
        response.ok() ? absl::StrCat("the answer is ", response->status)
                      : std::string(response.status().message());
    Log(LogLevel::kInfo, "registry is asked again",
        {{"url", Printable(WithoutUrlSecrets(request.url), 200)},
         {"error", why}});
    const absl::Status paused = Pause(next, asked);
    if (absl::IsCancelled(paused)) return paused;
    if (!paused.ok()) return response;
  }
}

absl::StatusOr<HttpResponse> PatientClient::SendOnce(HttpRequest request) {
  request.limits.until = options_.deadline;
  request.ca_file = options_.ca_file;
  request.extra_ca_file = options_.extra_ca_file;
  request.proxy = options_.proxies.For(request.url);
  const absl::StatusOr<Origin> server = OriginOf(request.url);
  if (!server.ok()) return http_.Send(request, options_.stop);
  request.limits.idle = Patience(server->text());
  const Instant begun = clock_.Now();
  absl::StatusOr<HttpResponse> response = http_.Send(request, options_.stop);
  if (response.ok() || !IsAway(response.status())) return response;
  if (absl::IsDeadlineExceeded(response.status()) &&
      clock_.Now() - begun >= request.limits.idle) {
    BeMorePatient(server->text(), request.limits.idle);
  }
  return PassingError(response.status());
}

absl::Duration PatientClient::Patience(const std::string& server) {
  MutexLock lock(mutex_);
  const auto found = patience_.find(server);
  return found == patience_.end() ? HttpLimits().idle : found->second;
}

// By what it was given and not by what it has now: many may have waited for it
// at the same time.
void PatientClient::BeMorePatient(const std::string& server,
                                  absl::Duration than) {
  MutexLock lock(mutex_);
  absl::Duration& patience = patience_[server];
  patience = std::max(patience, 2 * than);
}

absl::Status PatientClient::PauseForAll(int tries) {
  const Instant now = clock_.Now();
  const absl::Duration left = options_.deadline - now;
  const absl::Duration longest = left - std::min(kForLastTry, left / 2);
  absl::Duration pause = PauseBehind(tries);
  Instant asked_until;
  {
    MutexLock lock(mutex_);
    asked_until = asked_until_;
    if (pause > longest && !std::exchange(had_last_try_, true)) pause = longest;
  }
  if (asked_until >= options_.deadline) {
    Log(LogLevel::kWarn,
        "a registry wants no request until after the deadline");
  }
  return WaitUntil(std::max(now + pause, asked_until));
}

absl::Status PatientClient::Pause(int tries, absl::Duration at_least) {
  return WaitUntil(clock_.Now() + std::max(PauseBehind(tries), at_least));
}

absl::Duration PatientClient::PauseBehind(int tries) {
  const absl::Duration pause =
      std::min(kFirstPause * std::exp2(std::min(tries, 60) - 1), kLongestPause);
  MutexLock lock(mutex_);
  return pause * (1 - roll_dice_() / 2);
}

absl::Status PatientClient::WaitUntil(Instant until) {
  if (until >= options_.deadline) {
    return PassingError(
        absl::DeadlineExceededError("the deadline comes before another try"));
  }
  Wakeup wakeup;
  const std::stop_callback wake(options_.stop, [&] { wakeup.Notify(); });
  while (!options_.stop.stop_requested() && clock_.Now() < until) {
    clock_.WaitUntil(until, wakeup);
  }
  return options_.stop.stop_requested() ? absl::CancelledError("stopped")
                                        : absl::OkStatus();
}

}  // namespace prepull
