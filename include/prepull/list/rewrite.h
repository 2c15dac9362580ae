// Replaces the beginning of image names: a mirror instead of a registry. Pure.
#ifndef PREPULL_LIST_REWRITE_H_
#define PREPULL_LIST_REWRITE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/list/image_request.h"

namespace prepull {

class Rewrites {
 public:
  // Parses rules "FROM=TO". FROM is the beginning of a normalised repository
  // name, by whole segments ("quay.io", "docker.io/library"), and is replaced
  // by TO. Errors: INVALID_ARGUMENT  names the rule.
  static absl::StatusOr<Rewrites> Parse(const std::vector<std::string>& rules);

  // Rewrites every request that a rule matches, by the longest FROM; tag and
  // digest stay. If the result is malformed, the request gets the error.
  void Apply(std::vector<ImageRequest>& requests);

  // Returns the rules that have not matched so far.
  std::vector<std::string> Unused() const;

 private:
  struct Rule {
    std::string text;
    std::string from;
    std::string to;
    bool is_used = false;
  };

  void Rewrite(ImageRequest& request);

  std::vector<Rule> rules_;  // the longest FROM first
};

}  // namespace prepull

#endif  // PREPULL_LIST_REWRITE_H_
