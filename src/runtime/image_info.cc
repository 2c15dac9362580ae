#include "src/runtime/image_info.h"

#include <boost/json.hpp>
#include <string>

namespace prepull {
namespace {

namespace json = boost::json;

std::string Text(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string()
             ? std::string(value->as_string())
             : std::string();
}

}  // namespace

std::optional<Platform> PlatformOfInfo(absl::string_view info_json) {
  json::error_code error;
  const json::value info =
      json::parse(json::string_view(info_json.data(), info_json.size()), error);
  if (error || !info.is_object()) return std::nullopt;
  const json::value* spec = info.as_object().if_contains("imageSpec");
  if (spec == nullptr || !spec->is_object()) return std::nullopt;
  const json::object& config = spec->as_object();
  Platform platform = {.os = Text(config, "os"),
                       .architecture = Text(config, "architecture"),
                       .variant = Text(config, "variant")};
  if (platform.os.empty() || platform.architecture.empty()) return std::nullopt;
  return platform;
}

}  // namespace prepull
