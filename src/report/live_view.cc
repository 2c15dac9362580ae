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
constexpr int kWideEnoughForReasons = 60;

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

// The first `columns` characters of `line`: one that wraps could not be erased.
std::string Cut(const std::string& line, int columns) {
  int seen = 0;
  size_t end = 0;
  for (; end < line.size(); ++end) {
    const bool begins_character = (line[end] & 0xC0) != 0x80;
    if (begins_character && ++seen > columns) break;
  }
  return line.substr(0, end);
}

// What follows the name: how long it has been at it, or when it tries again.
std::string Tail(const ImageOutcome& image, Instant now, int columns) {
  if (image.state == ImageState::kPulling) {
    const std::string took = HumanDuration(now - *image.started_at);
    return image.attempts > 1 ? absl::StrCat(took, "  attempt ", image.attempts)
                              : took;
  }
  const absl::Duration wait =
      std::max(*image.next_attempt_at - now, absl::ZeroDuration());
  const std::string retry = absl::StrCat("retry in ", HumanDuration(wait));
  if (columns < kWideEnoughForReasons) return retry;
  return absl::StrCat(retry, " (", ReasonName(image.reason), ")");
}

std::string ImageLine(const ImageOutcome& image, Instant now, int columns,
                      int turn) {
  const std::string tail = Tail(image, now, columns);
  // The spinner, a blank, and two blanks before the tail.
  const int room = std::max(columns - 4 - static_cast<int>(tail.size()), 4);
  return absl::StrFormat("%s %s  %s", kSpinner[turn % kSpinner.size()],
                         Elided(image.image, room), tail);
}

bool IsShown(const ImageOutcome& image) {
  return image.state == ImageState::kPulling ||
         (image.state == ImageState::kWaiting && image.next_attempt_at);
}

std::string SumLine(const Run& run) {
  std::vector<std::string> parts = {
      absl::StrCat(run.counts.ended(), " of ", run.total(), " done")};
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
  const int64_t room = std::max(screen.rows - 3, 0);
  int64_t hidden = 0;
  for (const ImageOutcome& image : run.images) {
    if (!IsShown(image)) continue;
    if (static_cast<int64_t>(lines.size()) < room) {
      lines.push_back(ImageLine(image, now, screen.columns, turn));
    } else {
      ++hidden;
    }
  }
  if (hidden > 0 && screen.rows > 2) {
    lines.push_back(absl::StrCat("… and ", hidden, " more"));
  }
  lines.push_back(SumLine(run));
  for (std::string& line : lines) line = Cut(line, screen.columns);
  return lines;
}

void LiveView::OnPlanned(const Run& run) {
  screen_.print(absl::StrCat(Counted(run.total(), "image"), ": ",
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
