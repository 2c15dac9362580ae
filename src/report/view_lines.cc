#include "src/report/view_lines.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "prepull/report/lines.h"

namespace prepull {
namespace {

constexpr std::array<const char*, 10> kSpinner = {"⠋", "⠙", "⠹", "⠸", "⠼",
                                                  "⠴", "⠦", "⠧", "⠇", "⠏"};
// Braille like the spinner: one column wide, while block elements take two on
// East Asian terminals.
constexpr char kFull[] = "⣿";
constexpr char kHalf[] = "⣇";
constexpr char kEmpty[] = "⣀";

constexpr int kWideEnoughForReasons = 60;
// "61%", "310MB", "999MB/s" and "59m59s"; a share of 100 % is never shown.
constexpr int kPercentWidth = 3;
constexpr int kBytesWidth = 5;
constexpr int kRateWidth = 7;
constexpr int kTimeWidth = 6;
constexpr int kGap = 2;
// The minimum width of a bar.
constexpr int kBarWidth = 20;
static_assert(kBarWidth >=
              kPercentWidth + kGap + kBytesWidth + kGap + kRateWidth);
// A name gets this width first, and a wider column before a bar.
constexpr int kNameFirst = 24;
constexpr int kNameBeforeBar = 40;

// Returns how many columns of a terminal `text` takes: one per character.
int ColumnsOf(absl::string_view text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string PaddedRight(const std::string& text, int width) {
  return text + std::string(std::max(width - ColumnsOf(text), 0), ' ');
}

std::string PaddedLeft(const std::string& text, int width) {
  return std::string(std::max(width - ColumnsOf(text), 0), ' ') + text;
}

// Returns `text` in at most `width` columns, with its middle elided if needed.
// Names of images are ASCII; other characters count as their bytes, so the
// result is never too wide.
std::string Elided(const std::string& text, size_t width) {
  if (text.size() <= width) return text;
  if (width < 4) return std::string(width, '.');
  const size_t head = (width - 1) / 2;
  const size_t tail = width - 1 - head;
  return Printable(
      absl::StrCat(text.substr(0, head), "…", text.substr(text.size() - tail)),
      text.size() + 3);
}

// Returns the first `columns` characters of `line`: a wrapped line could not be
// erased.
std::string Cut(const std::string& line, int columns) {
  int seen = 0;
  size_t end = 0;
  for (; end < line.size(); ++end) {
    const bool begins_character = (line[end] & 0xC0) != 0x80;
    if (begins_character && ++seen > columns) break;
  }
  return line.substr(0, end);
}

// Which columns of a pull are shown, and their total width.
struct Layout {
  bool bar = false;
  bool percent = false;
  bool bytes = false;
  bool rate = false;
  bool notes = false;
  int name = 0;

  int share() const {
    return (bar ? kBarWidth + kGap : 0) + (percent ? kPercentWidth : 0);
  }
  int progress() const {
    return share() + (bytes ? kGap + kBytesWidth : 0) +
           (rate ? kGap + kRateWidth : 0);
  }
  int tail() const { return (percent ? progress() + kGap : 0) + kTimeWidth; }
};

std::string Note(const ImageOutcome& image, const Layout& layout) {
  if (!layout.notes || image.attempts < 2) return "";
  return absl::StrCat("  attempt ", image.attempts);
}

// Returns the first layout with enough space for names.
Layout LayoutFor(const Scene& scene, int columns) {
  Layout layout = {.notes = columns >= kWideEnoughForReasons};
  int notes = 0;
  for (const Scene::RunningPull& pull : scene.running) {
    notes = std::max(notes, ColumnsOf(Note(*pull.image, layout)));
  }
  // The spinner, a blank, and the gap behind the name.
  const auto room = [&] { return columns - 2 - kGap - layout.tail() - notes; };
  if (scene.run.features().byte_progress) {
    layout.bar = layout.percent = layout.bytes = layout.rate = true;
    layout.bar = room() >= std::min(scene.widest_name, kNameBeforeBar);
    const int wanted = std::min(scene.widest_name, kNameFirst);
    layout.rate = room() >= wanted;
    layout.bytes = room() >= wanted;
  }
  layout.name = std::min(std::max(room(), 4), scene.widest_name);
  return layout;
}

// Returns `done` of `total` in `steps`, rounded down; `done` must be smaller.
int StepsOf(int64_t done, int64_t total, int steps) {
  // Multiplied first: 0.29 * 100 is less than 29.
  const double step = static_cast<double>(std::max<int64_t>(done, 0)) * steps /
                      static_cast<double>(total);
  return std::min(static_cast<int>(step), steps - 1);
}

std::string Bar(int64_t done, int64_t total) {
  const int halves = StepsOf(done, total, 2 * kBarWidth);
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) {
    const int filled = halves - 2 * i;
    absl::StrAppend(&bar, filled >= 2 ? kFull : filled == 1 ? kHalf : kEmpty);
  }
  return bar;
}

// Whether all bytes have arrived, but the pull still runs.
bool IsUnpacking(const ImageOutcome& image) {
  return image.bytes_total && image.bytes_done >= *image.bytes_total;
}

// Returns the bar and the percentage, or the word in their place.
std::string ShareOf(const ImageOutcome& image, const Layout& layout) {
  if (IsUnpacking(image)) return "unpacking";
  if (!image.bytes_total) return "";
  const int64_t total = *image.bytes_total;
  const std::string bar =
      layout.bar ? absl::StrCat(Bar(image.bytes_done, total), "  ") : "";
  return absl::StrFormat("%s%2d%%", bar, StepsOf(image.bytes_done, total, 100));
}

// Returns the bytes of a pull, in the columns that the layout has for them.
std::string Progress(const Scene::RunningPull& pull, const Layout& layout) {
  const ImageOutcome& image = *pull.image;
  std::string text = ShareOf(image, layout);
  const bool is_known = image.bytes_total || image.bytes_done > 0;
  // Without a bar the word replaces the bytes.
  const bool has_place = layout.bar || !IsUnpacking(image);
  if (layout.bytes && is_known && has_place) {
    const std::string bytes = HumanBytes(image.bytes_done);
    text = PaddedRight(text, layout.share() + kGap) +
           PaddedLeft(bytes, kBytesWidth);
    if (layout.rate && pull.rate && !IsUnpacking(image)) {
      const std::string rate = absl::StrCat(HumanBytes(*pull.rate), "/s");
      text += PaddedLeft(rate, kGap + kRateWidth);
    }
  }
  return PaddedRight(text, layout.progress());
}

// Returns the text after the name of a running pull.
std::string RunningTail(const Scene::RunningPull& pull, Instant now,
                        const Layout& layout) {
  const ImageOutcome& image = *pull.image;
  const std::string took =
      PaddedLeft(HumanDuration(now - *image.started_at), kTimeWidth);
  // The word needs the column of the time if there is only the percentage.
  if (layout.percent && !layout.bytes && IsUnpacking(image)) {
    return PaddedLeft("unpacking", layout.tail());
  }
  const std::string progress =
      layout.percent ? absl::StrCat(Progress(pull, layout), "  ") : "";
  return absl::StrCat(progress, took, Note(image, layout));
}

std::string RetryTail(const ImageOutcome& image, Instant now,
                      const Layout& layout) {
  const absl::Duration wait =
      std::max(*image.next_attempt_at - now, absl::ZeroDuration());
  std::string retry = absl::StrCat("retry in ", HumanDuration(wait));
  if (!layout.notes) return retry;
  return absl::StrCat(retry, " (", ReasonName(image.reason), ")");
}

// Returns the number of seconds, rounded up: tenths would be too precise.
std::string TimeLeft(int64_t bytes, int64_t rate) {
  const absl::Duration left = absl::Ceil(
      absl::Seconds(static_cast<double>(bytes) / static_cast<double>(rate)),
      absl::Seconds(1));
  if (left >= absl::Seconds(10)) return HumanDuration(left);
  return absl::StrCat(absl::ToInt64Seconds(left), "s");
}

std::string Counts(const Run& run) {
  std::vector<std::string> parts = {
      absl::StrCat(run.counts().ended(), " of ", run.total(), " done")};
  if (run.counts().pulling > 0) {
    parts.push_back(absl::StrCat(run.counts().pulling, " running"));
  }
  if (run.counts().waiting > 0) {
    parts.push_back(absl::StrCat(run.counts().waiting, " waiting"));
  }
  if (run.counts().failed > 0) {
    parts.push_back(absl::StrCat(run.counts().failed, " failed"));
  }
  return absl::StrJoin(parts, ", ");
}

// Returns the counts, and bytes, rate and remaining time if they are known and
// fit: the rate is left out first, the remaining time last.
std::string SumLine(const Scene& scene, int columns) {
  std::string counts = Counts(scene.run);
  const std::string bytes_text = BytesText(scene.run);
  if (bytes_text.empty()) return counts;
  const ByteCount& bytes = scene.run.bytes();
  const bool complete = bytes.total && bytes.done >= *bytes.total;
  const std::string amount = absl::StrCat(", ", bytes_text);
  std::string rate;
  std::string left;
  if (scene.rate && !complete) {
    rate = absl::StrCat(", ", HumanBytes(*scene.rate), "/s");
    if (bytes.total && *scene.rate > 0) {
      left = absl::StrCat(
          ", ", TimeLeft(*bytes.total - bytes.done, *scene.rate), " left");
    }
  }
  for (const std::string& known :
       {absl::StrCat(amount, rate, left), absl::StrCat(amount, left), left}) {
    if (ColumnsOf(counts) + ColumnsOf(known) <= columns) return counts + known;
  }
  return counts;
}

std::string ImageLine(const Scene& scene, const ImageOutcome& image,
                      int name_width, const std::string& tail) {
  return absl::StrCat(kSpinner[scene.turn % kSpinner.size()], " ",
                      PaddedRight(Elided(image.image, name_width), name_width),
                      "  ", tail);
}

}  // namespace

std::vector<std::string> ViewLines(const Scene& scene, ScreenSize screen) {
  const Layout layout = LayoutFor(scene, screen.columns);
  std::vector<std::string> lines;
  // One row is for the summary, one for the cursor, one for "and N more".
  const size_t room = std::max(screen.rows - 3, 0);
  for (const Scene::RunningPull& pull : scene.running) {
    if (lines.size() == room) break;
    lines.push_back(ImageLine(scene, *pull.image, layout.name,
                              RunningTail(pull, scene.now, layout)));
  }
  for (const ImageOutcome* image : scene.retrying) {
    if (lines.size() == room) break;
    const std::string tail = RetryTail(*image, scene.now, layout);
    const int fits = screen.columns - 2 - kGap - ColumnsOf(tail);
    lines.push_back(ImageLine(scene, *image,
                              std::min(layout.name, std::max(fits, 4)), tail));
  }
  const int64_t hidden =
      scene.hidden + static_cast<int64_t>(scene.running.size() +
                                          scene.retrying.size() - lines.size());
  if (hidden > 0 && screen.rows > 2) {
    lines.push_back(absl::StrCat("… and ", hidden, " more"));
  }
  lines.push_back(SumLine(scene, screen.columns));
  for (std::string& line : lines) line = Cut(line, screen.columns);
  return lines;
}

}  // namespace prepull
