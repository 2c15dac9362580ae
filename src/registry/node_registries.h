// What the node's own configuration says of registries: which mirrors to ask
// for an image, what is blocked, whom to trust.
//
// The rules come from the files of CRI-O and Podman (registries_conf.h) and of
// containerd (hosts_toml.h), in this order of precedence. Pure.
// Threads: safe to share once it is filled.
// Source:
// https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
#ifndef PREPULL_SRC_REGISTRY_NODE_REGISTRIES_H_
#define PREPULL_SRC_REGISTRY_NODE_REGISTRIES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"
#include "prepull/image/reference.h"
#include "src/registry/place.h"

namespace prepull {

// The images that an endpoint is asked for.
enum class PullBy { kAny, kDigest, kTag, kNothing };

struct RegistryEndpoint {
  // "HOST[:PORT][/PATH]" in place of what the rule's prefix matches; empty: the
  // name stays as it is.
  std::string location = "";
  PullBy pull_by = PullBy::kAny;
  // The rest is as in Place.
  bool may_be_plain = false;
  bool accepts_any_certificate = false;
  std::vector<CaFile> ca = {};
  std::string api_path = "/v2/";
  // Whether requests to another registry say which one is meant ("ns=").
  bool names_registry = false;
};

// What holds for the images whose names begin with `prefix`.
struct RegistryRule {
  // Whole segments of a repository's name, or "*.example.com"; here "quay.io"
  // is quay.io:8443 too.
  std::string prefix = "";
  std::vector<RegistryEndpoint> mirrors = {};  // asked in this order
  RegistryEndpoint own = {};                   // asked last
  bool is_blocked = false;                     // is `own` not asked at all
  std::string origin = "";                     // "FILE:LINE"
};

class NodeRegistries {
 public:
  // Adds the rules of one file. Of two with the same prefix the first in the
  // file counts, and before it that of a later file.
  void Add(const std::vector<RegistryRule>& rules);

  // Adds what holds for one registry of no other rule; "_default": for all.
  void AddRegistry(const std::string& registry, RegistryRule rule);

  // Trusts `file`, too, for servers of `registry` ("HOST[:PORT]").
  void Trust(const std::string& registry, CaFile file);

  // Returns where to ask for `image`, in order, at least one place. Errors:
  // FAILED_PRECONDITION  it is blocked; INVALID_ARGUMENT  a location does not
  // make a valid name. They name the file.
  absl::StatusOr<std::vector<Place>> PlacesOf(const Reference& image) const;

  // Returns `image` itself as a place, whether blocked or not.
  Place PlaceOf(const Reference& image) const;

  // Returns the origin of the rule whose mirrors are left out because they are
  // asked by digest only, or "".
  std::string MirrorsLeftOut(const Reference& image) const;

 private:
  // The rule of an image, and how much of its name the prefix matches.
  struct Match {
    const RegistryRule* rule = nullptr;
    size_t length = 0;
  };

  Match Find(const Reference& image) const;
  bool IsBlocked(const Reference& image) const;
  absl::StatusOr<Place> PlaceAt(const RegistryEndpoint& endpoint,
                                const Match& match,
                                const Reference& image) const;

  std::map<std::string, RegistryRule> rules_;       // by prefix
  std::map<std::string, RegistryRule> registries_;  // by registry
  std::map<std::string, std::vector<CaFile>> trusted_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_NODE_REGISTRIES_H_
