#include "src/cli/console.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace prepull {

std::string Console::Erasing() const {
  if (view_.empty()) return "";
  // Up to the view's first line, then clear to the end of the screen.
  return absl::StrCat("\r\x1b[", view_.size(), "A\x1b[J");
}

std::string Console::Drawing() const {
  if (view_.empty()) return "";
  return absl::StrCat(absl::StrJoin(view_, "\n"), "\n");
}

void Console::Err(absl::string_view text) {
  // Nobody is left to tell if standard error fails.
  host_.Write(Stream::kErr, text).IgnoreError();
}

void Console::PrintOut(absl::string_view text) {
  MutexLock lock(mutex_);
  if (out_is_lost_) return;
  if (!view_.empty()) Err(Erasing());
  const absl::Status written = host_.Write(Stream::kOut, text);
  if (!written.ok()) {
    out_is_lost_ = true;
    out_is_wanted_ = !absl::IsUnavailable(written);
    if (out_is_wanted_) {
      Err(absl::StrCat("prepull: standard output: ", written.message(), "\n"));
    }
  }
  if (!view_.empty()) Err(Drawing());
}

bool Console::HasLostOutput() {
  MutexLock lock(mutex_);
  return out_is_lost_ && out_is_wanted_;
}

void Console::PrintErr(absl::string_view line) {
  MutexLock lock(mutex_);
  Err(absl::StrCat(Erasing(), line, "\n", Drawing()));
}

void Console::DrawView(const std::vector<std::string>& lines) {
  MutexLock lock(mutex_);
  std::string text = Erasing();
  view_ = lines;
  absl::StrAppend(&text, Drawing());
  if (!text.empty()) Err(text);
}

void Console::Abandon() {
  if (!host_.IsTerminal(Stream::kErr)) return;
  // The view has no hidden cursor and no colour left open: a line of its own
  // is all it takes.
  host_.Write(Stream::kErr, "\n").IgnoreError();
}

}  // namespace prepull
