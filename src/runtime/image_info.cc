#include "src/runtime/image_info.h"

#include "prepull/base/json_reader.h"

namespace prepull {

std::optional<Platform> PlatformOfInfo(absl::string_view info_json) {
  const absl::StatusOr<JsonDocument> info = JsonDocument::Parse(info_json);
  if (!info.ok()) return std::nullopt;
  const JsonValue spec = (*info)["imageSpec"];
  Platform platform = {.os = spec["os"].StringOrEmpty(),
                       .architecture = spec["architecture"].StringOrEmpty(),
                       .variant = spec["variant"].StringOrEmpty()};
  if (platform.os.empty() || platform.architecture.empty()) return std::nullopt;
  return platform;
}

}  // namespace prepull
