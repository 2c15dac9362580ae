#include "prepull/list/list_hash.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/hash.h"
#include "prepull/list/list_file.h"

namespace prepull {
namespace {

// For people, who compare it, and short enough for a name.
constexpr size_t kDigits = 16;

}  // namespace

std::string NormalisedList(const std::vector<ImageRequest>& requests) {
  std::string lines;
  for (const ImageRequest& request : requests) {
    if (request.reference.ok()) {
      absl::StrAppend(&lines, request.reference->Normalised(),
                      OptionWords(request.options), "\n");
    } else {
      absl::StrAppend(&lines, request.image, "\n");
    }
  }
  return lines;
}

std::string ListHash(const std::vector<ImageRequest>& requests) {
  return Sha256Hex(NormalisedList(requests)).substr(0, kDigits);
}

}  // namespace prepull
