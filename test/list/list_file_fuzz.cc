// Any bytes make at most one request a line, each with its origin and a text
// that can be shown.
#include <algorithm>
#include <cstdint>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"
#include "prepull/list/list_file.h"
#include "prepull/list/unique_images.h"
#include "test/support/require.h"

namespace prepull {
namespace {

constexpr absl::string_view kName = "images.txt";

// The number in "images.txt:7".
int64_t LineOf(absl::string_view origin) {
  int64_t number = 0;
  Require(absl::ConsumePrefix(&origin, absl::StrCat(kName, ":")) &&
              absl::SimpleAtoi(origin, &number),
          "an origin is file:line");
  return number;
}

bool IsOneShownLine(const std::string& text) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  return std::none_of(text.begin(), text.end(), is_control) &&
         Printable(text, text.size()) == text;
}

void RequireSound(const ImageRequest& request) {
  Require(IsOneShownLine(request.image), "the image can be shown");
  Require(request.image.size() <= 4096, "the image is bounded");
  if (request.reference.ok()) {
    Require(request.image == request.reference->text(), "the text is kept");
    return;
  }
  const std::string message(request.reference.status().message());
  Require(request.image.size() <= 256, "a malformed image is short");
  Require(IsOneShownLine(message), "the message can be shown");
  Require(absl::StartsWith(message, absl::StrCat(request.origin, ": ")),
          "the message names the origin");
}

void RequireUnique(const std::vector<ImageRequest>& requests) {
  std::set<std::string> names;
  for (const ImageRequest& request : UniqueImages(requests)) {
    if (!request.reference.ok()) continue;
    Require(names.insert(request.reference->Normalised()).second,
            "no image twice");
  }
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::vector<prepull::ImageRequest> requests =
      prepull::ParseListFile(text, prepull::kName);
  const int64_t lines = std::count(text.begin(), text.end(), '\n') + 1;
  int64_t last = 0;
  for (const prepull::ImageRequest& request : requests) {
    const int64_t line = prepull::LineOf(request.origin);
    prepull::Require(line > last && line <= lines, "lines come in order");
    last = line;
    prepull::RequireSound(request);
  }
  prepull::RequireUnique(requests);
  return 0;
}
