#include "src/metrics/result_sender.h"

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "image_prefetcher/metrics.grpc.pb.h"
#include "prepull/base/log.h"
#include "prepull/base/text.h"
#include "src/metrics/wire.h"

namespace prepull {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(10);
constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kMaxPause = absl::Minutes(1);
// When nothing but the last results is left to do.
constexpr absl::Duration kLastPause = absl::Milliseconds(500);
constexpr size_t kMaxPerCall = 1000;

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  // gRPC's own pauses would outlast ours.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // The server is a Service of the same cluster; the proxy that the variables
  // name is for registries.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(),
                                   arguments);
}

gpr_timespec InTime(absl::Duration timeout) {
  return gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_nanos(absl::ToInt64Nanoseconds(timeout), GPR_TIMESPAN));
}

// Takes as many off the front as one call may have.
template <typename Queue>
std::vector<typename Queue::value_type> TakeFirst(Queue& queue) {
  const auto count =
      static_cast<std::ptrdiff_t>(std::min(queue.size(), kMaxPerCall));
  const auto begin = std::make_move_iterator(queue.begin());
  std::vector<typename Queue::value_type> taken(begin, begin + count);
  queue.erase(queue.begin(), queue.begin() + count);
  return taken;
}

}  // namespace

class ResultSender::Stub {
 public:
  explicit Stub(const std::string& endpoint) : stub_(OpenChannel(endpoint)) {}

  ::Metrics::Stub& operator*() { return stub_; }

 private:
  ::Metrics::Stub stub_;
};

class ResultSender::Call {
 public:
  explicit Call(absl::Duration timeout) {
    context_.set_deadline(InTime(timeout));
  }

  void Cancel() { context_.TryCancel(); }

  absl::Status Run(const std::vector<Waiting>& results, ::Metrics::Stub& stub) {
    ::Empty answer;
    const auto stream = stub.Submit(&context_, &answer);
    for (const Waiting& waiting : results) {
      if (!stream->Write(ToMessage(waiting.result))) break;  // Finish says why
    }
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        Printable(status.error_message(), 512));
  }

 private:
  grpc::ClientContext context_;
};

ResultSender::ResultSender(const std::string& endpoint, size_t queue,
                           Clock& clock)
    : endpoint_(Printable(endpoint, 256)),
      max_waiting_(queue),
      clock_(clock),
      stub_(std::make_unique<Stub>(endpoint)),
      thread_([this] { Work(); }) {}

ResultSender::~ResultSender() {
  GiveUp();
  thread_.join();
}

void ResultSender::AskSizes(AskSize ask) {
  MutexLock lock(mutex_);
  ask_size_ = std::move(ask);
}

void ResultSender::Give(AttemptResult result, std::string image_ref) {
  bool is_first_drop = false;
  {
    MutexLock lock(mutex_);
    if (waiting_.size() >= max_waiting_) {
      waiting_.pop_front();
      is_first_drop = dropped_++ == 0;
    }
    waiting_.push_back({std::move(result), std::move(image_ref)});
  }
  given_.Notify();
  if (!is_first_drop) return;
  Log(LogLevel::kWarn, "attempts wait to be submitted: the oldest are dropped",
      {{"endpoint", endpoint_}});
}

void ResultSender::Close(Instant until) {
  {
    MutexLock lock(mutex_);
    is_closed_ = true;
    until_ = until;
  }
  given_.Notify();
}

void ResultSender::GiveUp() {
  {
    MutexLock lock(mutex_);
    is_given_up_ = true;
    if (call_ != nullptr) call_->Cancel();
  }
  asking_.request_stop();
  given_.Notify();
}

bool ResultSender::is_over() {
  MutexLock lock(mutex_);
  return is_over_;
}

void ResultSender::AwaitSent(Instant until, const std::stop_token& stop,
                             absl::Duration after_stop) {
  std::stop_callback wake(stop, [this] { over_.Notify(); });
  bool is_stopped = false;
  while (!is_over() && clock_.Now() < until) {
    if (!is_stopped && stop.stop_requested()) {
      is_stopped = true;
      until = std::min(until, clock_.Now() + after_stop);
    }
    clock_.WaitUntil(until, over_);
  }
  GiveUp();
  // At once: a call that is under way was cancelled.
  while (!is_over()) clock_.WaitUntil(Instant::Never(), over_);
  MutexLock lock(mutex_);
  const int64_t lost = dropped_ + static_cast<int64_t>(waiting_.size());
  if (lost == 0 && sent_ == 0) return;
  if (lost == 0) {
    Log(LogLevel::kInfo, "attempts submitted",
        {{"endpoint", endpoint_}, {"attempts", sent_}});
  } else {
    Log(LogLevel::kWarn, "attempts not submitted",
        {{"endpoint", endpoint_},
         {"attempts", lost},
         {"error", last_error_.message()}});
  }
}

void ResultSender::Work() {
  while (true) {
    std::vector<Waiting> results = Next();
    if (results.empty()) break;
    FindSizes(results);
    const absl::Status sent = Send(results);
    Finish(results, sent);
    if (!sent.ok() && !WaitForRetry()) break;
  }
  {
    MutexLock lock(mutex_);
    is_over_ = true;
  }
  over_.Notify();
}

// A runtime that does not answer one question is not asked the others: sizes
// are worth less than results that arrive.
void ResultSender::FindSizes(std::vector<Waiting>& results) {
  AskSize ask;
  {
    MutexLock lock(mutex_);
    ask = ask_size_;
  }
  for (Waiting& each : results) {
    const std::string image_ref = std::exchange(each.image_ref, "");
    if (!ask || image_ref.empty()) continue;
    const std::optional<int64_t> size = ask(image_ref, asking_.get_token());
    each.result.size_bytes = std::max<int64_t>(size.value_or(0), 0);
    if (!size) ask = nullptr;
  }
}

std::vector<ResultSender::Waiting> ResultSender::Next() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (is_given_up_) return {};
      if (!waiting_.empty() || is_closed_) return TakeFirst(waiting_);
    }
    clock_.WaitUntil(Instant::Never(), given_);
  }
}

absl::Status ResultSender::Send(const std::vector<Waiting>& results) {
  absl::Duration timeout = kCallTimeout;
  {
    MutexLock lock(mutex_);
    timeout = std::min(timeout, until_ - clock_.Now());
  }
  if (timeout <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError("no time left");
  }
  Call call(timeout);
  {
    MutexLock lock(mutex_);
    if (is_given_up_) return absl::CancelledError("given up");
    call_ = &call;
  }
  absl::Status sent = call.Run(results, **stub_);
  MutexLock lock(mutex_);
  call_ = nullptr;
  return sent;
}

// What was not taken waits again, in front: the server knows a result that it
// has already by its attempt.
void ResultSender::Finish(const std::vector<Waiting>& results,
                          const absl::Status& sent) {
  bool is_news = false;
  {
    MutexLock lock(mutex_);
    if (sent.ok()) {
      failures_ = 0;
      sent_ += static_cast<int64_t>(results.size());
      return;
    }
    is_news = last_error_.ok();
    last_error_ = sent;
    waiting_.insert(waiting_.begin(), results.begin(), results.end());
    while (waiting_.size() > max_waiting_) {
      waiting_.pop_front();
      ++dropped_;
    }
  }
  Log(is_news ? LogLevel::kWarn : LogLevel::kDebug,
      "attempts not submitted yet",
      {{"endpoint", endpoint_}, {"error", sent.message()}});
}

bool ResultSender::WaitForRetry() {
  const Instant start = clock_.Now();
  const absl::Duration pause =
      std::min(kFirstPause * std::exp2(std::min(failures_++, 10)), kMaxPause) *
      (0.5 + 0.5 * roll_dice_());
  while (true) {
    Instant until = start + pause;
    {
      MutexLock lock(mutex_);
      if (is_given_up_) return false;
      if (is_closed_) until = std::min(until, start + kLastPause);
      if (until >= until_) return false;
    }
    if (clock_.Now() >= until) return true;
    clock_.WaitUntil(until, given_);
  }
}

}  // namespace prepull
