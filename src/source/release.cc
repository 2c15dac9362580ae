#include "src/source/release.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {

absl::StatusOr<std::vector<ReleaseImage>> ParseReleaseImages(
    absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(text));
  const JsonValue tags = document["spec"]["tags"];
  if (!tags.is_array()) {
    return absl::InvalidArgumentError("spec.tags: expected an array");
  }
  std::vector<ReleaseImage> images;
  for (const JsonValue tag : tags.elements()) {
    ReleaseImage image = {.name = tag["name"].StringOrEmpty(),
                          .pull_spec = tag["from"]["name"].StringOrEmpty()};
    if (image.pull_spec.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tag ", images.size() + 1, " (",
                       Printable(image.name, 128), ") comes from no image"));
    }
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace prepull
