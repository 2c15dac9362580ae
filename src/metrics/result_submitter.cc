#include "prepull/metrics/result_submitter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/hash.h"
#include "prepull/base/log.h"
#include "prepull/base/text.h"
#include "src/metrics/result_sender.h"

namespace prepull {
namespace {

constexpr size_t kMaxErrorBytes = 1024;
constexpr size_t kMaxImageBytes = 512;
constexpr size_t kMaxNodeBytes = 253;

// A UUID (RFC 9562, version 8), since image-prefetcher's are UUIDs, too: the
// same for the same attempt, and no other's.
std::string AttemptId(const Run& run, size_t image, int attempt) {
  std::string hex = Sha256Hex(
      absl::StrCat(run.id(), "\n", run.node(), "\n", image, "\n", attempt));
  hex[12] = '8';
  hex[16] = 'a';
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20, 12));
}

size_t PlaceOf(const ImageOutcome& image, const Run& run) {
  return static_cast<size_t>(&image - run.images().data());
}

std::string ErrorOf(const ImageOutcome& image) {
  const std::string reason(ReasonName(image.reason));
  return Printable(image.message.empty()
                       ? reason
                       : absl::StrCat(reason, ": ", image.message),
                   kMaxErrorBytes);
}

}  // namespace

// Its own class, so that the header needs no gRPC.
class ResultSubmitter::Sender : public ResultSender {
 public:
  using ResultSender::ResultSender;
};

ResultSubmitter::ResultSubmitter(SubmitOptions options, Clock& clock,
                                 std::stop_token stop)
    : options_(std::move(options)), clock_(clock), stop_(std::move(stop)) {}

ResultSubmitter::~ResultSubmitter() = default;

void ResultSubmitter::OnStarted(const Run&) {
  if (options_.endpoint.empty()) return;
  sender_ = std::make_unique<Sender>(options_.endpoint, options_.queue, clock_);
  is_told_ = true;
}

void ResultSubmitter::OnAttempt(const Run& run, const ImageOutcome& image) {
  if (!is_told_) return;
  open_[PlaceOf(image, run)] = {.number = image.attempts,
                                .start = clock_.Now(),
                                .wall_start = clock_.WallNow()};
}

void ResultSubmitter::OnRetry(const Run& run, const ImageOutcome& image,
                              absl::Duration) {
  Fail(run, image);
}

void ResultSubmitter::OnEnded(const Run& run, const ImageOutcome& image) {
  const auto open = open_.find(PlaceOf(image, run));
  if (open == open_.end()) return;
  if (image.state != ImageState::kPulled) return Fail(run, image);
  if (std::exchange(open->second.has_pulled, true)) return;
  open->second.took = clock_.Now() - open->second.start;
}

void ResultSubmitter::Fail(const Run& run, const ImageOutcome& image) {
  const auto open = open_.find(PlaceOf(image, run));
  if (open == open_.end()) return;
  Attempt& attempt = open->second;
  // One that had pulled its image and then lost it did not fail.
  const bool has_pulled = attempt.has_pulled;
  if (!has_pulled) attempt.took = clock_.Now() - attempt.start;
  Send(run, image, attempt, has_pulled ? "" : ErrorOf(image));
  open_.erase(open);
}

void ResultSubmitter::Send(const Run& run, const ImageOutcome& image,
                           const Attempt& attempt, std::string error) {
  sender_->Give(
      {.attempt_id = AttemptId(run, PlaceOf(image, run), attempt.number),
       .started_at = absl::ToUnixSeconds(attempt.wall_start),
       .image = Printable(image.image, kMaxImageBytes),
       .error = std::move(error),
       .duration_ms = absl::ToInt64Milliseconds(attempt.took),
       .node = Printable(run.node(), kMaxNodeBytes),
       .size_bytes = std::max<int64_t>(image.size_bytes.value_or(0), 0)});
}

// The sizes are known now, and attempts that still ran were broken off.
void ResultSubmitter::OnRunEnded(const Run& run) {
  if (!is_told_) return;
  is_told_ = false;
  for (auto& [place, attempt] : open_) {
    const ImageOutcome& image = run.images()[place];
    if (!attempt.has_pulled) attempt.took = clock_.Now() - attempt.start;
    const bool has_pulled =
        attempt.has_pulled || image.state == ImageState::kPulled;
    Send(run, image, attempt, has_pulled ? "" : ErrorOf(image));
  }
  open_.clear();
  last_until_ =
      clock_.Now() + (stop_.stop_requested() ? options_.last_after_stop
                                             : options_.last_timeout);
  sender_->Close(last_until_);
}

void ResultSubmitter::AwaitLast() {
  if (!sender_ || is_told_) return;
  sender_->AwaitSent(last_until_, stop_, options_.last_after_stop);
}

}  // namespace prepull
