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

void ResultSubmitter::AskSizes(AskSize ask) {
  if (sender_) sender_->AskSizes(std::move(ask));
}

void ResultSubmitter::OnRetry(const Run& run, const ImageOutcome& image,
                              absl::Duration) {
  Send(run, image);
}

// The last look at the node tells it again: then nothing has begun.
void ResultSubmitter::OnEnded(const Run& run, const ImageOutcome& image) {
  Send(run, image);
}

void ResultSubmitter::Send(const Run& run, const ImageOutcome& image) {
  const size_t place = PlaceOf(image, run);
  const auto found = open_.find(place);
  if (found == open_.end()) return;
  const Attempt attempt = found->second;
  open_.erase(found);
  const bool has_pulled = image.state == ImageState::kPulled;
  sender_->Give(
      {.attempt_id = AttemptId(run, place, attempt.number),
       .started_at = absl::ToUnixSeconds(attempt.wall_start),
       .image = Printable(image.image, kMaxImageBytes),
       .error = has_pulled ? "" : ErrorOf(image),
       .duration_ms = absl::ToInt64Milliseconds(clock_.Now() - attempt.start),
       .node = Printable(run.node(), kMaxNodeBytes)},
      has_pulled ? image.image_ref : "");
}

// Attempts that still run were broken off.
void ResultSubmitter::OnRunEnded(const Run& run) {
  if (!is_told_) return;
  while (!open_.empty()) Send(run, run.images()[open_.begin()->first]);
  is_told_ = false;
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
