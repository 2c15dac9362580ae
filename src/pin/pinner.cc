#include "prepull/pin/pinner.h"

#include <algorithm>
#include <utility>

#include "prepull/base/log.h"
#include "prepull/base/redact.h"
#include "prepull/node/node_listing.h"
#include "prepull/runtime/runtime_version.h"
#include "src/pin/pin_records.h"

namespace prepull {
namespace {

constexpr absl::Duration kPinCallTimeout = absl::Seconds(10);
// The CRI plugin hears of a changed label through containerd's events, a
// moment later; of thousands of them one after another.
constexpr absl::Duration kReportTimeout = absl::Seconds(5);
constexpr absl::Duration kFirstPause = absl::Milliseconds(20);
constexpr absl::Duration kMaxPause = absl::Seconds(1);

// Errors that the next call would only meet again.
bool ConcernsAll(const absl::Status& error) {
  return error.code() == absl::StatusCode::kUnimplemented ||
         error.code() == absl::StatusCode::kUnavailable ||
         error.code() == absl::StatusCode::kDeadlineExceeded ||
         error.code() == absl::StatusCode::kCancelled;
}

void WarnUnpinnable(const RuntimeFacts& runtime) {
  Log(LogLevel::kWarn,
      "images are not pinned: this runtime takes no pins over its socket",
      {{"runtime", runtime.name}, {"version", runtime.version}});
}

int64_t CountUnpinned(const std::vector<Pinner::Image>& images,
                      const Inventory& node) {
  return std::count_if(
      images.begin(), images.end(), [&node](const Pinner::Image& image) {
        const StoredImage* stored = node.FindByImageRef(image.stored->id);
        return stored == nullptr || !stored->pinned;
      });
}

}  // namespace

Pinner::Pinner(std::string list_hash, const RunContext& context,
               const std::stop_token& stop, Run& run)
    : context_(context),
      stop_(stop),
      run_(run),
      records_(context.runtime.image_records()),
      list_hash_(std::move(list_hash)) {}

void Pinner::Begin() {
  const absl::Status probed =
      records_ == nullptr
          ? absl::UnimplementedError("")
          : records_->Pinned({.timeout = kPinCallTimeout, .stop = stop_})
                .status();
  // Other errors may have passed when it comes to pinning.
  can_pin_ = probed.code() != absl::StatusCode::kUnimplemented;
  if (!can_pin_) {
    WarnUnpinnable(run_.runtime());
    return;
  }
  run_.features().pin = HeedsPins(run_.runtime().name, run_.runtime().version);
  if (run_.features().pin) return;
  Log(LogLevel::kWarn,
      "images get their pin, but this version does not heed it, so image "
      "garbage collection may take them: containerd 1.6.24, 1.7.3 and later do",
      {{"runtime", run_.runtime().name}, {"version", run_.runtime().version}});
}

std::optional<Inventory> Pinner::Pin(const std::vector<Image>& images,
                                     Instant until) {
  if (!can_pin_ || images.empty()) return std::nullopt;
  budget_.emplace(context_.clock, until, stop_, kPinStopTimeout);
  const absl::Status taken = ReadPins();
  if (!taken.ok()) {
    run_.features().pin = false;
    if (taken.code() == absl::StatusCode::kUnimplemented) {
      WarnUnpinnable(run_.runtime());
    } else {
      Log(LogLevel::kWarn, "images are not pinned",
          {{"images", static_cast<int64_t>(images.size())},
           {"error", ReportedMessage(taken)}});
    }
    return std::nullopt;
  }
  return AwaitReport(PinAll(images));
}

absl::Status Pinner::ReadPins() {
  if (budget_->Left() <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError("the run has ended");
  }
  auto records = records_->Pinned(NextLimit());
  if (!records.ok()) return records.status();
  for (PinnedRecord& record : *records) {
    pinned_[record.name] = std::move(record);
  }
  return absl::OkStatus();
}

std::vector<Pinner::Image> Pinner::PinAll(const std::vector<Image>& images) {
  std::vector<Image> pinned;
  Troubles troubles;
  absl::Status end;
  for (const Image& image : images) {
    const absl::Status labelled = end.ok() ? PinImage(image) : end;
    if (labelled.ok()) {
      pinned.push_back(image);
    } else {
      troubles.try_emplace(labelled.code(), Trouble{.image = image.name->text(),
                                                    .error = labelled});
      ++troubles[labelled.code()].images;
      if (ConcernsAll(labelled)) end = labelled;
    }
    context_.observer.OnTurn(run_, context_.clock.Now());
  }
  WarnOf(troubles);
  return pinned;
}

// A record may be missing: an image that was pulled by its digest has no tag.
// One record is enough for a pin; without any the image is not pinned.
absl::Status Pinner::PinImage(const Image& image) {
  bool is_pinned = false;
  absl::Status missing = absl::OkStatus();
  for (const std::string& record : RecordsToPin(*image.name, *image.stored)) {
    if (budget_->Left() <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("no time left");
    }
    absl::Status labelled = PinRecord(record);
    if (labelled.ok()) {
      is_pinned = true;
    } else if (labelled.code() == absl::StatusCode::kNotFound) {
      missing = std::move(labelled);
    } else {
      return labelled;
    }
  }
  return is_pinned ? absl::OkStatus() : missing;
}

absl::Status Pinner::PinRecord(const std::string& name) {
  const auto known = pinned_.find(name);
  if (known != pinned_.end() && known->second.is_pinned) {
    const PinnedRecord& record = known->second;
    if (!record.is_ours || record.list == list_hash_) return absl::OkStatus();
  }
  absl::Status pinned = records_->Pin(name, list_hash_, NextLimit());
  if (pinned.ok()) {
    pinned_[name] = {.name = name, .is_ours = true, .list = list_hash_};
  }
  return pinned;
}

void Pinner::WarnOf(const Troubles& troubles) {
  for (const auto& [code, trouble] : troubles) {
    Log(LogLevel::kWarn, "images are not pinned",
        {{"images", trouble.images},
         {"first", trouble.image},
         {"error", ReportedMessage(trouble.error)}});
  }
}

std::optional<Inventory> Pinner::AwaitReport(const std::vector<Image>& images) {
  std::optional<Inventory> node;
  int64_t unpinned = static_cast<int64_t>(images.size());
  absl::Duration pause = kFirstPause;
  Instant report_ends = context_.clock.Now() + kReportTimeout;
  while (true) {
    const absl::Duration timeout = std::min(kInventoryTimeout, budget_->Left());
    absl::StatusOr<Inventory> listed =
        ListNode(context_, budget_->stop(), run_, timeout);
    if (!listed.ok()) {
      Log(LogLevel::kWarn, "pins not verified",
          {{"error", ReportedMessage(listed.status())}});
      return node;
    }
    node.emplace(*std::move(listed));
    const int64_t before =
        std::exchange(unpinned, CountUnpinned(images, *node));
    const Instant now = context_.clock.Now();
    if (unpinned < before) report_ends = now + kReportTimeout;
    const Instant last = std::min(report_ends, now + budget_->Left());
    const bool waits = unpinned > 0 && run_.features().pin &&
                       !stop_.stop_requested() && now < last;
    if (!waits) break;
    const Instant alarm = context_.observer.OnTurn(run_, now);
    context_.clock.SleepUntil(std::min({now + pause, last, alarm}), stop_);
    pause = std::min(2 * pause, kMaxPause);
  }
  if (unpinned > 0 && run_.features().pin) {
    Log(LogLevel::kWarn,
        "images pinned, but the runtime does not report them as pinned",
        {{"images", unpinned}});
  }
  return node;
}

CallLimit Pinner::NextLimit() {
  // To pin takes two calls.
  const absl::Duration timeout = std::min(kPinCallTimeout, budget_->Left() / 2);
  return {timeout, budget_->stop()};
}

}  // namespace prepull
