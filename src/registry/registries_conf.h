// Reads registries.conf and its drop-ins, which CRI-O and Podman share, in
// version 2 of the format. Pure.
//
// What is about short names is ignored: our names are whole.
// Source:
// https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
#ifndef PREPULL_SRC_REGISTRY_REGISTRIES_CONF_H_
#define PREPULL_SRC_REGISTRY_REGISTRIES_CONF_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/registry/node_registries.h"

namespace prepull {

// Returns the rules of one file, whose name is `name`, in its order. Errors:
// INVALID_ARGUMENT  "NAME:LINE:COLUMN: " and what is wrong: those of the
// format, with which CRI-O does not start either, and version 1.
absl::StatusOr<std::vector<RegistryRule>> ParseRegistriesConf(
    absl::string_view text, const std::string& name);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_REGISTRIES_CONF_H_
