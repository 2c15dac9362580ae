// Which objects a list or a watch asks for: label and field selectors. Pure.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_SELECTOR_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_SELECTOR_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

using ObjectLabels = std::map<std::string, std::string>;

class Selector {
 public:
  // `fields` may name metadata.name only. Errors: INVALID_ARGUMENT.
  static absl::StatusOr<Selector> Parse(absl::string_view labels,
                                        absl::string_view fields);

  bool Selects(const std::string& name, const ObjectLabels& labels) const;
  bool selects_all() const { return rules_.empty() && name_.empty(); }

 private:
  // The label has one of the values; without values, any.
  struct Rule {
    std::string key;
    std::set<std::string> values;
    bool is_negated = false;
  };

  static absl::StatusOr<Rule> ParseRule(absl::string_view text);

  std::vector<Rule> rules_;
  std::string name_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_SELECTOR_H_
