#include "prepull/report/lines.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr int kWidestImageColumn = 60;

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

std::string PulledTail(const ImageOutcome& image) {
  const int64_t bytes =
      image.bytes_done > 0 ? image.bytes_done : image.size_bytes.value_or(0);
  const std::string size =
      bytes > 0 ? absl::StrCat(HumanBytes(bytes), " ") : std::string();
  return absl::StrCat(size, "in ", HumanDuration(image.took));
}

std::string WhyTail(const ImageOutcome& image) {
  std::string tail =
      absl::StrCat(ReasonName(image.reason), ": ", image.message);
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
  return image.size_bytes ? HumanBytes(*image.size_bytes) : "-";
}

std::string TimeCell(const ImageOutcome& image) {
  return image.attempts > 0 ? HumanDuration(image.took) : "-";
}

}  // namespace

int ImageColumn(const Run& run) {
  size_t widest = 0;
  for (const ImageOutcome& image : run.images) {
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

std::string LastLine(const Run& run, absl::Duration took) {
  std::string line = absl::StrCat(run.counts.present(), " of ",
                                  Counted(run.total(), "image"), " present");
  if (run.counts.failed > 0) {
    absl::StrAppend(&line, "; ", run.counts.failed, " failed");
  }
  if (run.counts.stopped > 0) {
    absl::StrAppend(&line, "; ", run.counts.stopped, " stopped");
  }
  const int64_t open = run.counts.waiting + run.counts.pulling;
  if (open > 0) absl::StrAppend(&line, "; ", open, " to go");
  return absl::StrCat(line, " (", HumanDuration(took), ")");
}

std::string StatusTable(const Run& run, bool with_header) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(run.images.size());
  for (const ImageOutcome& image : run.images) {
    rows.push_back({image.image, std::string(StateName(image.state)),
                    absl::StrCat(image.attempts), SizeCell(image),
                    TimeCell(image), std::string(ReasonName(image.reason)),
                    image.message});
  }
  return Table(
      {"IMAGE", "STATE", ">ATTEMPTS", ">SIZE", ">TIME", "REASON", "MESSAGE"},
      rows, with_header);
}

std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows,
                  bool with_header) {
  std::vector<size_t> widths(header.size());
  std::vector<std::string> titles;
  for (size_t i = 0; i < header.size(); ++i) {
    titles.emplace_back(absl::StripPrefix(header[i], ">"));
    widths[i] = with_header ? titles[i].size() : 1;
    for (const auto& row : rows) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  const auto append = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = cells[i].empty() ? "-" : cells[i];
      const bool right = header[i].front() == '>';
      const int width = static_cast<int>(widths[i]);
      absl::StrAppendFormat(&line, "%s%*s", i == 0 ? "" : "  ",
                            right ? width : -width, cell);
    }
    absl::StrAppend(&table, absl::StripTrailingAsciiWhitespace(line), "\n");
  };
  if (with_header) append(titles);
  for (const auto& row : rows) append(row);
  return table;
}

}  // namespace prepull
