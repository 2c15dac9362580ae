#include "prepull/report/termination_message.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "prepull/report/lines.h"

namespace prepull {
namespace {

constexpr int kMaxImages = 10;
// Eleven lines and the others fit into 2 KiB.
constexpr size_t kMaxLineBytes = 160;

bool IsMissing(const ImageOutcome& image) {
  return image.state == ImageState::kFailed ||
         image.state == ImageState::kStopped;
}

// For an image that is on the node, but that no pod can use. The name comes
// last, because it may be long.
std::string WarningLine(const ImageOutcome& image) {
  return absl::StrCat("warning  ", image.warning, ": ", image.image);
}

}  // namespace

std::string TerminationMessage(const Run& run, absl::Duration took) {
  std::string text = run.list_known() ? absl::StrCat(LastLine(run, took), "\n")
                                      : std::string();
  if (!run.message().empty()) {
    absl::StrAppend(&text, Printable(run.message(), kMaxLineBytes), "\n");
  }
  int64_t missing = 0;
  for (const ImageOutcome& image : run.images()) {
    if (!IsMissing(image) || ++missing > kMaxImages) continue;
    absl::StrAppend(&text, Printable(EndLine(image, 0), kMaxLineBytes), "\n");
  }
  if (missing > kMaxImages) {
    absl::StrAppend(&text, "and ", missing - kMaxImages, " more\n");
  }
  for (const ImageOutcome& image : run.images()) {
    if (image.warning.empty()) continue;
    if (++missing > kMaxImages) break;
    absl::StrAppend(&text, Printable(WarningLine(image), kMaxLineBytes), "\n");
  }
  return text;
}

}  // namespace prepull
