// Reads hosts.toml, in which containerd has the mirrors of one registry. Pure.
//
// Not supported are client certificates and headers, which are ignored.
// Source: https://github.com/containerd/containerd/blob/main/docs/hosts.md
#ifndef PREPULL_SRC_REGISTRY_HOSTS_TOML_H_
#define PREPULL_SRC_REGISTRY_HOSTS_TOML_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/registry/node_registries.h"

namespace prepull {

// A rule whose endpoints' `ca` have no contents yet, but names as in the text:
// of a file beside it unless they begin with "/". Errors: INVALID_ARGUMENT
// "NAME:LINE:COLUMN: " and what is wrong.
absl::StatusOr<RegistryRule> ParseHostsToml(absl::string_view text,
                                            const std::string& name);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_HOSTS_TOML_H_
