#include "src/source/release.h"

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

namespace json = boost::json;

// What stands under `keys`, one below the other; nullptr if nothing does.
const json::value* Below(const json::value& value,
                         std::initializer_list<json::string_view> keys) {
  const json::value* found = &value;
  for (const json::string_view key : keys) {
    if (!found->is_object()) return nullptr;
    found = found->as_object().if_contains(key);
    if (found == nullptr) return nullptr;
  }
  return found;
}

std::string TextOf(const json::value* value) {
  return value != nullptr && value->is_string()
             ? std::string(value->as_string())
             : "";
}

}  // namespace

absl::StatusOr<std::vector<ReleaseImage>> ParseReleaseImages(
    absl::string_view text) {
  json::error_code error;
  const json::value document =
      json::parse(json::string_view(text.data(), text.size()), error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("is no JSON: ", error.message()));
  }
  const json::value* tags = Below(document, {"spec", "tags"});
  if (tags == nullptr || !tags->is_array()) {
    return absl::InvalidArgumentError("holds no spec.tags");
  }
  std::vector<ReleaseImage> images;
  for (const json::value& tag : tags->as_array()) {
    ReleaseImage image = {.name = TextOf(Below(tag, {"name"})),
                          .pull_spec = TextOf(Below(tag, {"from", "name"}))};
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
