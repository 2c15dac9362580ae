#include "prepull/report/live_view.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr std::array<const char*, 10> kSpinner = {"⠋", "⠙", "⠹", "⠸", "⠼",
                                                  "⠴", "⠦", "⠧", "⠇", "⠏"};
constexpr size_t kLongestTail = 24;

// `text` in at most `width` columns, its middle left out if need be. Names of
// images are ASCII; anything else is counted by its bytes, so never too wide.
std::string Elided(const std::string& text, size_t width) {
  if (text.size() <= width) return text;
  if (width < 4) return std::string(width, '.');
  const size_t head = (width - 1) / 2;
  const size_t tail = width - 1 - head;
  return Printable(
      absl::StrCat(text.substr(0, head), "…", text.substr(text.size() - tail)),
      text.size() + 3);
}

std::string PullLine(const ImageOutcome& image, Instant now, int columns,
                     int turn) {
  std::string tail = HumanDuration(now - *image.started_at);
  if (image.attempts > 1) {
    absl::StrAppend(&tail, "  attempt ", image.attempts);
  }
  const size_t room = columns - kLongestTail - 5;
  return absl::StrFormat("%s %s  %s", kSpinner[turn % kSpinner.size()],
                         Elided(image.image, room), tail);
}

std::string SumLine(const Run& run) {
  std::vector<std::string> parts = {
      absl::StrCat(run.counts.ended(), " of ", run.images.size(), " done")};
  if (run.counts.pulling > 0) {
    parts.push_back(absl::StrCat(run.counts.pulling, " running"));
  }
  if (run.counts.waiting > 0) {
    parts.push_back(absl::StrCat(run.counts.waiting, " waiting"));
  }
  if (run.counts.failed > 0) {
    parts.push_back(absl::StrCat(run.counts.failed, " failed"));
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace

std::vector<std::string> ViewLines(const Run& run, Instant now,
                                   ScreenSize screen, int turn) {
  std::vector<std::string> lines;
  // One row for the sum, one for the cursor, one for what does not fit.
  const int64_t room = std::max(screen.rows - 3, 1);
  for (const ImageOutcome& image : run.images) {
    if (image.state != ImageState::kPulling) continue;
    if (static_cast<int64_t>(lines.size()) == room) {
      lines.push_back(
          absl::StrCat("… and ", run.counts.pulling - room, " more"));
      break;
    }
    lines.push_back(PullLine(image, now, screen.columns, turn));
  }
  lines.push_back(SumLine(run));
  return lines;
}

void LiveView::OnPlanned(const Run& run) {
  screen_.print(absl::StrCat(Counted(run.images.size(), "image"), ": ",
                             run.counts.skipped, " present, ",
                             run.counts.waiting, " to pull"));
}

Instant LiveView::OnTurn(const Run& run, Instant now) {
  if (now < next_draw_) return next_draw_;
  screen_.draw(ViewLines(run, now, screen_.size(), turn_++));
  next_draw_ = now + kRedraw;
  return next_draw_;
}

}  // namespace prepull
