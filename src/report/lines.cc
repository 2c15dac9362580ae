#include "prepull/report/lines.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "prepull/base/table.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr int kWidestImageColumn = 60;
constexpr size_t kMaxSummaryBytes = 1024;

absl::string_view EndWord(ImageState state) {
  switch (state) {
    case ImageState::kPulled:
      return "pulled";
    case ImageState::kSkipped:
      return "present";
    case ImageState::kFailed:
      return "failed";
    default:
      return "stopped";
  }
}

// Returns the downloaded bytes if they are known, else the size that the
// runtime reports.
std::optional<int64_t> SizeOf(const ImageOutcome& image) {
  return image.bytes_total ? image.bytes_total : image.size_bytes;
}

std::string PulledTail(const ImageOutcome& image) {
  const std::optional<int64_t> size = SizeOf(image);
  return absl::StrCat(size ? HumanBytes(*size) + " " : "", "in ",
                      HumanDuration(image.took));
}

std::string WhyTail(const ImageOutcome& image) {
  std::string tail(ReasonName(image.reason));
  if (!image.message.empty()) absl::StrAppend(&tail, ": ", image.message);
  if (image.state == ImageState::kFailed && image.attempts == 1) {
    absl::StrAppend(&tail, " (not retried)");
  } else if (image.attempts > 0) {
    absl::StrAppend(&tail, " (", Counted(image.attempts, "attempt"), ")");
  }
  return tail;
}

std::string Tail(const ImageOutcome& image) {
  if (image.state == ImageState::kPulled) return PulledTail(image);
  if (image.state != ImageState::kSkipped) return WhyTail(image);
  return image.message;
}

std::string SizeCell(const ImageOutcome& image) {
  const bool is_present =
      image.state == ImageState::kPulled || image.state == ImageState::kSkipped;
  if (image.bytes_total && !is_present) {
    return absl::StrCat(HumanBytes(image.bytes_done), "/",
                        HumanBytes(*image.bytes_total));
  }
  const std::optional<int64_t> size = SizeOf(image);
  return size ? HumanBytes(*size) : "-";
}

std::string TimeCell(const ImageOutcome& image) {
  return image.attempts > 0 ? HumanDuration(image.took) : "-";
}

absl::string_view WhyStopped(const Run& run, Instant now) {
  if (run.phase() == Phase::kInterrupted) return "interrupted";
  const bool is_early = run.list_known() && now < run.deadline();
  return is_early ? "no time for another try" : "out of time";
}

}  // namespace

int ImageColumn(const Run& run) {
  size_t widest = 0;
  for (const ImageOutcome& image : run.images()) {
    widest = std::max(widest, image.image.size());
  }
  return std::min(static_cast<int>(widest), kWidestImageColumn);
}

std::string EndLine(const ImageOutcome& image, int image_column) {
  const std::string line =
      absl::StrFormat("%-8s %-*s  %s", EndWord(image.state), image_column,
                      image.image, Tail(image));
  return std::string(absl::StripTrailingAsciiWhitespace(line));
}

std::string BytesText(const Run& run) {
  const ByteCount& bytes = run.bytes();
  if (!run.features().byte_progress) return "";
  if (bytes.total.value_or(bytes.done) <= 0) return "";
  return bytes.total ? absl::StrCat(HumanBytes(bytes.done), " of ",
                                    HumanBytes(*bytes.total))
                     : HumanBytes(bytes.done);
}

std::string CountsText(const ImageCounts& counts, bool tolerated) {
  std::string text = absl::StrCat(counts.present(), " of ",
                                  Counted(counts.all(), "image"), " present");
  if (counts.failed > 0) {
    absl::StrAppend(&text, "; ", counts.failed, " failed",
                    tolerated ? ", tolerated" : "");
  }
  if (counts.stopped > 0) {
    absl::StrAppend(&text, "; ", counts.stopped, " stopped");
  }
  return text;
}

std::string LastLine(const Run& run, absl::Duration took) {
  std::string line = CountsText(run.counts(), run.tolerated());
  const int64_t open = run.counts().waiting + run.counts().pulling;
  if (open > 0) {
    absl::StrAppend(&line, "; ", open, " to go");
    const std::string bytes = BytesText(run);
    if (!bytes.empty()) absl::StrAppend(&line, ", ", bytes);
  }
  return absl::StrCat(line, " (", HumanDuration(took), ")");
}

std::string SummaryLine(const Run& run, absl::Duration took) {
  const std::string phase = absl::AsciiStrToLower(PhaseName(run.phase()));
  std::string line;
  if (!run.list_known()) {
    line = phase;
  } else if (run.exit_code()) {
    line = LastLine(run, took);
  } else {
    line = absl::StrCat(run.counts().present(), " of ",
                        Counted(run.total(), "image"), " present, ", phase);
  }
  if (!run.message().empty()) absl::StrAppend(&line, ": ", run.message());
  return Printable(line, kMaxSummaryBytes);
}

std::string ErrorLine(const Run& run, Instant now) {
  switch (*run.exit_code()) {
    case ExitCode::kOk:
      return "";
    case ExitCode::kImagesFailed:
      return absl::StrCat(Counted(run.counts().failed, "image"),
                          run.counts().failed == 1 ? " is" : " are",
                          " missing");
    case ExitCode::kStopped:
      return absl::StrCat(
          WhyStopped(run, now),
          run.list_known()
              ? absl::StrCat(" with ", Counted(run.counts().stopped, "image"),
                             " to go: run it again to continue")
              : absl::StrCat(": ", run.message()));
    default:
      return run.message();
  }
}

std::string StatusTable(const Run& run, bool with_header) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(run.images().size());
  for (const ImageOutcome& image : run.images()) {
    rows.push_back({image.image, std::string(StateName(image.state)),
                    absl::StrCat(image.attempts), SizeCell(image),
                    TimeCell(image), std::string(ReasonName(image.reason)),
                    image.message});
  }
  return Table(
      {"IMAGE", "STATE", ">ATTEMPTS", ">SIZE", ">TIME", "REASON", "MESSAGE"},
      rows, with_header);
}

}  // namespace prepull
