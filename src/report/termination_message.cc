#include "prepull/report/termination_message.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "prepull/report/lines.h"
#include "prepull/report/machine_line.h"

namespace prepull {
namespace {

constexpr int kMaxImages = 10;
constexpr size_t kMaxLineBytes = 160;
constexpr size_t kMaxPeopleText = 1000;
// For "and 100000 more".
constexpr size_t kMaxCountLine = 24;

// A run that was broken off knows the states of its images only.
bool IsMissing(const ImageOutcome& image) {
  return !image.image.empty() && (image.state == ImageState::kFailed ||
                                  image.state == ImageState::kStopped);
}

// For an image that is on the node, but that no pod can use. The name comes
// last, because it may be long.
std::string WarningLine(const ImageOutcome& image) {
  return absl::StrCat("warning  ", image.warning, ": ", image.image);
}

// Collects lines as long as there is room for them.
class Lines {
 public:
  // Returns whether the line had room.
  bool Add(const std::string& line) {
    const std::string printable = Printable(line, kMaxLineBytes);
    const size_t size = text_.size() + printable.size() + 1 + kMaxCountLine;
    if (size > kMaxPeopleText) return false;
    absl::StrAppend(&text_, printable, "\n");
    return true;
  }

  // The last line.
  void AddCount(int64_t more) {
    absl::StrAppend(&text_, "and ", more, " more\n");
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string TextForPeople(const Run& run, absl::Duration took) {
  Lines lines;
  if (run.list_known()) lines.Add(LastLine(run, took));
  if (!run.message().empty()) lines.Add(run.message());
  int shown = 0;
  int64_t left_out = 0;
  for (const ImageOutcome& image : run.images()) {
    if (!IsMissing(image)) continue;
    const bool has_room =
        left_out == 0 && shown < kMaxImages && lines.Add(EndLine(image, 0));
    if (has_room) {
      ++shown;
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) {
    lines.AddCount(left_out);
    return lines.text();
  }
  for (const ImageOutcome& image : run.images()) {
    if (image.warning.empty()) continue;
    if (++shown > kMaxImages || !lines.Add(WarningLine(image))) break;
  }
  return lines.text();
}

}  // namespace

std::string TerminationMessage(const Run& run, absl::Duration took) {
  return absl::StrCat(TextForPeople(run, took), MachineLine(run, took), "\n");
}

}  // namespace prepull
