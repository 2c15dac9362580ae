// Other names to pull images under: a mirror in place of a registry. Pure.
#ifndef PREPULL_LIST_REWRITE_H_
#define PREPULL_LIST_REWRITE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/list/image_request.h"

namespace prepull {

class Rewrites {
 public:
  // `rules`: "FROM=TO" each. FROM is the beginning of a completed repository
  // name, by whole segments ("quay.io", "docker.io/library"); TO takes its
  // place. Errors: INVALID_ARGUMENT  names the rule.
  static absl::StatusOr<Rewrites> Parse(const std::vector<std::string>& rules);

  // Rewrites every request that a rule fits, the longest FROM first; tag and
  // digest stay. A name that comes out malformed is that image's failure.
  void Apply(std::vector<ImageRequest>& requests);

  // The rules that have fitted nothing so far.
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
