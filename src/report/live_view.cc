#include "prepull/report/live_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "src/report/view_lines.h"

namespace prepull {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);

int WidestName(const Run& run) {
  size_t widest = 0;
  for (const ImageOutcome& image : run.images()) {
    if (!IsFinal(image.state)) widest = std::max(widest, image.image.size());
  }
  return static_cast<int>(std::min<size_t>(widest, 1000));
}

}  // namespace

void LiveView::OnPlanned(const Run& run) {
  widest_name_ = WidestName(run);
  if (!run.features().byte_progress) {
    meter_ = RateMeter(RateMeter::kForImages);
  }
  screen_.print(absl::StrCat(Counted(run.total(), "image"), ": ",
                             run.counts().skipped, " present, ",
                             run.counts().waiting, " to pull"));
}

void LiveView::OnAttempt(const Run&, const ImageOutcome& image) {
  retrying_.erase(&image);
  running_[&image].Clear();
}

void LiveView::OnRetry(const Run&, const ImageOutcome& image, absl::Duration) {
  running_.erase(&image);
  retrying_.insert(&image);
}

void LiveView::OnEnded(const Run&, const ImageOutcome& image) {
  running_.erase(&image);
  retrying_.erase(&image);
}

Instant LiveView::OnTurn(const Run& run, Instant now) {
  if (now < next_draw_) return next_draw_;
  const ScreenSize size = screen_.size();
  screen_.draw(ViewLines(Look(run, now, size.rows), size));
  next_draw_ = now + kRedraw;
  return next_draw_;
}

Scene LiveView::Look(const Run& run, Instant now, int rows) {
  Scene scene = {
      .run = run, .now = now, .turn = turn_++, .widest_name = widest_name_};
  for (auto& [image, meter] : running_) {
    // At the end of a run pulls are cancelled without an event.
    if (image->state != ImageState::kPulling) continue;
    meter.Add(now, image->bytes_done);
    scene.running.push_back({image, meter.BytesPerSecond()});
  }
  for (const ImageOutcome* image : retrying_) {
    if (static_cast<int>(scene.retrying.size()) >= rows) break;
    if (image->next_attempt_at) scene.retrying.push_back(image);
  }
  scene.hidden = static_cast<int64_t>(retrying_.size() - scene.retrying.size());
  meter_.Add(now, run.bytes().done);
  scene.rate = meter_.BytesPerSecond();
  return scene;
}

}  // namespace prepull
