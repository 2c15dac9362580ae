// A place in a YAML document that was read: its node and its path.
#ifndef PREPULL_SRC_CONVERT_YAML_FIELD_H_
#define PREPULL_SRC_CONVERT_YAML_FIELD_H_

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Nodes are const, since reading a mutable one changes it. yaml-cpp throws
// where more than IsDefined is asked of one that is missing.
class YamlField {
 public:
  YamlField(const YAML::Node& node, std::string path)
      : node_(node), path_(std::move(path)) {}

  bool is_set() const { return node_.IsDefined() && !node_.IsNull(); }
  bool is_map() const { return is_set() && node_.IsMap(); }
  bool is_scalar() const { return is_set() && node_.IsScalar(); }
  const std::string& path() const { return path_; }

  YamlField operator[](const std::string& key) const;

  // INVALID_ARGUMENT  "12: spec.images: why".
  absl::Status Invalid(absl::string_view why) const;

  // A text of valid UTF-8 without control characters; "" if it is not set.
  absl::StatusOr<std::string> Text() const;
  // A number that is set.
  absl::StatusOr<int64_t> Number() const;
  // The items of a list; none if it is not set.
  absl::StatusOr<std::vector<YamlField>> Items() const;
  absl::StatusOr<std::vector<std::string>> Texts() const;
  // The members of a map; none if it is not set.
  absl::StatusOr<std::vector<std::pair<std::string, YamlField>>> Members()
      const;

 private:
  const YAML::Node node_;
  std::string path_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CONVERT_YAML_FIELD_H_
