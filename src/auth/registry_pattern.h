// The key of a docker config's entry, or a plugin's matchImages, as a pattern
// for image names. Pure value.
//
// Matched as the kubelet's keyring does: ports equal, as many host parts, each
// a glob ("*" only), and the path a prefix. Unlike there the prefix ends at a
// segment ("a.io/team" is not "a.io/teams"), every name of Docker Hub means
// Docker Hub, the case of a host does not matter, and a longer path goes
// before a more exact host.
// Source:
// https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/keyring.go
#ifndef PREPULL_SRC_AUTH_REGISTRY_PATTERN_H_
#define PREPULL_SRC_AUTH_REGISTRY_PATTERN_H_

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/image/reference.h"

namespace prepull {

// How narrow a pattern is; the greater goes first.
struct Specificity {
  size_t path_segments = 0;
  bool is_exact = false;          // no glob in the host
  size_t literal_characters = 0;  // of a host with globs

  friend bool operator>(const Specificity& a, const Specificity& b) {
    return std::tie(a.path_segments, a.is_exact, a.literal_characters) >
           std::tie(b.path_segments, b.is_exact, b.literal_characters);
  }
};

class RegistryPattern {
 public:
  // Nothing if `key` names no host. Scheme, user, query and the API's /v1/ and
  // /v2/ are dropped: "https://index.docker.io/v1/" is "index.docker.io".
  static std::optional<RegistryPattern> Parse(absl::string_view key);

  bool Matches(const Reference& image) const;

  Specificity specificity() const;

 private:
  RegistryPattern() = default;

  std::vector<std::string> host_parts_;
  std::string port_;
  std::vector<std::string> path_;
};

// `key` as it may be shown: without user and query, on one line, bounded.
std::string ShownKey(absl::string_view key);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_REGISTRY_PATTERN_H_
