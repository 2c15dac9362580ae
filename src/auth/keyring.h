// Credentials by the registries they are for. Pure values.
//
// The key of a docker config's entry, or a plugin's matchImages, is a pattern
// for image names, matched as in the kubelet's keyring: equal ports, the same
// number of host parts, each a glob ("*" only), and the path a prefix. Unlike
// there the prefix ends at a segment ("a.io/team" does not match
// "a.io/teams"), every name of Docker Hub means Docker Hub, the case of a host
// does not matter, and a longer path precedes a more exact host.
// Source:
// https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/keyring.go
#ifndef PREPULL_SRC_AUTH_KEYRING_H_
#define PREPULL_SRC_AUTH_KEYRING_H_

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/auth/credential.h"
#include "prepull/image/reference.h"

namespace prepull {

// How specific a pattern is; the greater is tried first.
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
  // Returns nothing if `key` has no host. Ignores scheme, user, query and the
  // API's /v1/ and /v2/: "https://index.docker.io/v1/" is "index.docker.io".
  static std::optional<RegistryPattern> Parse(absl::string_view key);

  bool Matches(const Reference& image) const;

  Specificity specificity() const;

 private:
  RegistryPattern() = default;

  std::vector<std::string> host_parts_;
  std::string port_;
  std::vector<std::string> path_;
};

// Returns `key` as messages may show it: without user and query, on one line,
// bounded.
std::string ShownKey(absl::string_view key);

struct KeyringEntry {
  RegistryPattern pattern;
  Credential credential;
};

class Keyring {
 public:
  void Add(KeyringEntry entry) { entries_.push_back(std::move(entry)); }

  // Returns all credentials that match `image`, the most specific first, those
  // equally specific in the order in which they were added.
  std::vector<Credential> Find(const Reference& image) const;

 private:
  std::vector<KeyringEntry> entries_;
};

// Appends those of `more` that `credentials` does not have yet.
void AppendNew(const std::vector<Credential>& more,
               std::vector<Credential>& credentials);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_KEYRING_H_
