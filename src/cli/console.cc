#include "src/cli/console.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/report/run_document.h"

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
  // There is no other stream to report an error of standard error on.
  host_.Write(Stream::kErr, text).IgnoreError();
}

void Console::PrintOut(absl::string_view text) {
  MutexLock lock(mutex_);
  if (out_is_lost_) return;
  if (!view_.empty()) Err(Erasing());
  NoteOut(host_.Write(Stream::kOut, text));
  if (!view_.empty()) Err(Drawing());
}

void Console::PrintJson(const std::string& document) {
  PrintOut(host_.IsTerminal(Stream::kOut) ? Indented(document) : document);
}

void Console::NoteOut(const absl::Status& written) {
  if (written.ok() || out_is_lost_) return;
  out_is_lost_ = true;
  out_is_wanted_ = !absl::IsUnavailable(written);
  if (!out_is_wanted_) return;
  Err(absl::StrCat("prepull: standard output: ", written.message(), "\n"));
}

bool Console::Flush(Instant until, const std::stop_token& stop) {
  const absl::Status flushed = host_.Flush(until, stop);
  if (absl::IsDeadlineExceeded(flushed)) return false;
  MutexLock lock(mutex_);
  NoteOut(flushed);
  return true;
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
  // A paused terminal (Ctrl-S) is not drawn on.
  if (!lines.empty() && host_.IsBehind(Stream::kErr)) return;
  MutexLock lock(mutex_);
  std::string text = Erasing();
  view_ = lines;
  absl::StrAppend(&text, Drawing());
  if (!text.empty()) Err(text);
}

void Console::Abandon() {
  if (!host_.IsTerminal(Stream::kErr)) return;
  // No lock: the thread that holds it may be the one that is stuck. The view
  // hides no cursor and leaves no colour set, so a line break is enough.
  host_.Write(Stream::kErr, "\n").IgnoreError();
}

}  // namespace prepull
