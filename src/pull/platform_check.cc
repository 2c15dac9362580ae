#include "src/pull/platform_check.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/mailbox.h"
#include "prepull/base/redact.h"
#include "prepull/image/platform.h"

namespace prepull {
namespace {

// The runtime reads a config of some kilobytes for each.
constexpr size_t kMaxAtOnce = 10;
constexpr size_t kMaxWarnings = 10;

class PlatformCheck {
 public:
  PlatformCheck(const ImagesById& images, const RunContext& context)
      : context_(context), images_(images), next_(images.begin()) {}

  // Until all have answered, `until` or `stop`.
  void Ask(const std::stop_token& stop, Instant until, const Run& run) {
    std::stop_callback wake(
        stop, [answers = answers_] { answers->wakeup().Notify(); });
    while (true) {
      for (const Answer& answer : answers_->Take()) Enter(answer);
      const Instant now = context_.clock.Now();
      if (stop.stop_requested() || now >= until) break;
      while (next_ != images_.end() && open_.size() < kMaxAtOnce) AskNext();
      if (open_.empty()) break;
      const Instant alarm = context_.observer.OnTurn(run, now);
      context_.clock.WaitUntil(std::min(until, alarm), answers_->wakeup());
    }
    for (const auto& [id, call] : open_) call->Cancel();
  }

  // In the order of the list; of many images the first ones, and how many.
  void Warn() {
    std::sort(misfits_.begin(), misfits_.end());
    for (size_t i = 0; i < misfits_.size() && i < kMaxWarnings; ++i) {
      Log(LogLevel::kWarn, misfits_[i]->warning,
          {{"image", misfits_[i]->image}});
    }
    if (misfits_.size() <= kMaxWarnings) return;
    Log(LogLevel::kWarn, "more images were built for other platforms",
        {{"images", static_cast<int64_t>(misfits_.size() - kMaxWarnings)}});
  }

 private:
  struct Answer {
    std::string id;
    absl::StatusOr<std::optional<Platform>> platform;
  };

  void AskNext() {
    const std::string& id = next_->first;
    ++next_;
    open_[id] = context_.runtime.GetPlatform(
        id, [answers = answers_,
             id](absl::StatusOr<std::optional<Platform>> platform) {
          answers->Post({id, std::move(platform)});
        });
  }

  void Enter(const Answer& answer) {
    open_.erase(answer.id);
    const std::vector<ImageOutcome*>& images = images_.at(answer.id);
    if (!answer.platform.ok()) {
      Log(LogLevel::kDebug, "platform of an image unknown",
          {{"image", images.front()->image},
           {"error", ReportedMessage(answer.platform.status())}});
      return;
    }
    const std::optional<Platform>& platform = *answer.platform;
    if (!platform) return;
    for (ImageOutcome* image : images) {
      image->platform = PlatformName(*platform);
      if (RunsOn(*platform, node_)) continue;
      image->warning =
          absl::StrCat("built for ", image->platform, "; this node is ",
                       node_.os, "/", node_.architecture);
      misfits_.push_back(image);
    }
  }

  const RunContext& context_;
  const Platform node_ = OwnPlatform();
  const ImagesById& images_;
  ImagesById::const_iterator next_;
  // Shared with the callbacks of calls that may outlive the check.
  std::shared_ptr<Mailbox<Answer>> answers_ =
      std::make_shared<Mailbox<Answer>>();
  std::map<std::string, std::unique_ptr<RunningCall>> open_;  // by id
  std::vector<const ImageOutcome*> misfits_;                  // of one array
};

}  // namespace

void CheckPlatforms(const ImagesById& images, const RunContext& context,
                    const std::stop_token& stop, Instant until,
                    const Run& run) {
  PlatformCheck check(images, context);
  check.Ask(stop, until, run);
  check.Warn();
}

}  // namespace prepull
