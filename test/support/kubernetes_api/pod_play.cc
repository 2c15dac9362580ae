#include "test/support/kubernetes_api/pod_play.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "prepull/base/json_writer.h"

namespace prepull {
namespace {

constexpr int kStopped = 3;
constexpr int64_t kImageBytes = 800'000'000;

// A letter an image: pulled, skipped, failed, stopped.
std::string Letters(const PodPlay& play, size_t images) {
  std::string letters(images, 'P');
  std::fill_n(letters.begin(), std::min(play.skipped, images), 'S');
  for (const PlayedFailure& failure : play.failures) {
    if (failure.image < images) {
      letters[failure.image] = play.exit_code == kStopped ? 'T' : 'F';
    }
  }
  return letters;
}

std::string RunLengthsOf(const std::string& letters) {
  std::string text;
  for (size_t i = 0; i < letters.size();) {
    const size_t end = letters.find_first_not_of(letters[i], i);
    const size_t count = std::min(end, letters.size()) - i;
    absl::StrAppend(&text, count, letters.substr(i, 1));
    i += count;
  }
  return text;
}

void WriteFailures(const PodPlay& play, size_t images, JsonWriter& line) {
  if (play.failures.empty()) return;
  line.OpenArray("f");
  for (const PlayedFailure& failure : play.failures) {
    if (failure.image >= images) continue;
    line.OpenArray();
    line.Integer("", static_cast<int64_t>(failure.image));
    line.String("", failure.reason);
    if (!failure.message.empty()) line.String("", failure.message);
    line.CloseArray();
  }
  line.CloseArray();
}

// A run that fails names an image, and one that is stopped too.
PodPlay WithFailure(PodPlay play, size_t images) {
  const bool lacks_one = play.failures.empty() && images > 0 &&
                         (play.exit_code == 1 || play.exit_code == kStopped);
  if (!lacks_one) return play;
  if (play.exit_code == kStopped) {
    play.failures = {{images - 1, "Timeout", "the deadline came"}};
  } else {
    play.failures = {{0, "NotFound", "manifest unknown"}};
  }
  return play;
}

}  // namespace

std::string TerminationMessageOf(const PodPlay& given, const PodTask& task) {
  if (given.message) return *given.message;
  const PodPlay play = WithFailure(given, task.images);
  const std::string letters = Letters(play, task.images);
  const auto count = [&letters](char letter) {
    return std::count(letters.begin(), letters.end(), letter);
  };
  // With other codes a run ends before its list is known.
  const bool knows_list =
      play.exit_code == 0 || play.exit_code == 1 || play.exit_code == kStopped;
  JsonWriter line;
  line.OpenObject().Integer("prepull", 1);
  line.String("run", absl::StrFormat("%010x", task.number + 1));
  if (knows_list) {
    line.String("list", task.list_hash).Integer("code", play.exit_code);
    line.OpenArray("n").Integer("", static_cast<int64_t>(task.images));
    for (const char letter : {'P', 'S', 'F', 'T'}) {
      line.Integer("", count(letter));
    }
    line.CloseArray().Integer("bytes", count('P') * kImageBytes);
  } else {
    line.Null("list").Integer("code", play.exit_code).Null("n");
  }
  line.Integer("s", absl::ToInt64Seconds(play.takes));
  if (knows_list) {
    line.String("st", RunLengthsOf(letters));
    WriteFailures(play, task.images, line);
  } else {
    line.String("why", "the fake says so");
  }
  line.CloseObject();
  return absl::StrCat(count('P'), " pulled, ", count('S'), " skipped, ",
                      count('F'), " failed, ", count('T'), " stopped\n",
                      line.text(), "\n");
}

}  // namespace prepull
