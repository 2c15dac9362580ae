// Answers requests as a test scripts it, on a FakeClock. Not thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_HTTP_CLIENT_H_
#define PREPULL_TEST_SUPPORT_FAKE_HTTP_CLIENT_H_

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "prepull/http/http_client.h"
#include "test/support/fake_clock.h"

namespace prepull {

class FakeHttpClient : public HttpClient {
 public:
  struct Answer {
    absl::StatusOr<HttpResponse> response = HttpResponse{.status = 200};
    absl::Duration takes = absl::ZeroDuration();
  };

  // A request that was made.
  struct Call {
    HttpRequest request;
    Instant at;
  };

  explicit FakeHttpClient(FakeClock& clock) : clock_(clock) {}

  // The next answers, in order; behind them the last repeats.
  void Script(std::deque<Answer> answers) { answers_ = std::move(answers); }

  // One such answer.
  static Answer Status(int status, const std::string& body = "") {
    return {.response = HttpResponse{.status = status, .body = body}};
  }

  const std::vector<Call>& calls() const { return calls_; }

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop) override {
    calls_.push_back({request, clock_.Now()});
    const Answer answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    Wakeup stopped;
    const std::stop_callback wake(stop, [&stopped] { stopped.Notify(); });
    const Instant answered = clock_.Now() + answer.takes;
    clock_.WaitUntil(std::min(answered, request.limits.until), stopped);
    if (stop.stop_requested()) return absl::CancelledError("interrupted");
    if (answered > request.limits.until) {
      return absl::DeadlineExceededError("read response: timed out");
    }
    return answer.response;
  }

 private:
  FakeClock& clock_;
  std::deque<Answer> answers_ = {Answer()};
  std::vector<Call> calls_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_HTTP_CLIENT_H_
