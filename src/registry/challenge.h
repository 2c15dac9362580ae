// What a registry that answers 401 asks for. Pure.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
// https://distribution.github.io/distribution/spec/auth/token/
#ifndef PREPULL_SRC_REGISTRY_CHALLENGE_H_
#define PREPULL_SRC_REGISTRY_CHALLENGE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace prepull {

struct Challenge {
  std::string scheme = "";  // lower case: "bearer"
  // Names in lower case; of two of one name the first.
  std::map<std::string, std::string> parameters = {};
};

// The challenges of one WWW-Authenticate header, in their order. What cannot
// be read ends the list; what stands before it counts.
std::vector<Challenge> ParseChallenges(absl::string_view header);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_CHALLENGE_H_
