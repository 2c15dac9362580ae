// Which operator packages are wanted out of a catalogue. Pure.
#ifndef PREPULL_CATALOG_PACKAGE_REQUEST_H_
#define PREPULL_CATALOG_PACKAGE_REQUEST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct PackageRequest {
  std::string name = "";
  // At least one, each once; "" is the default channel of the package.
  std::vector<std::string> channels = {};
  std::string origin = "";
};

// Parses "NAME[:CHANNEL[,CHANNEL...]]", with or without blanks around each
// word; "NAME" and "NAME:" mean the default channel. Errors: INVALID_ARGUMENT
// names the origin.
absl::StatusOr<PackageRequest> ParsePackage(absl::string_view text,
                                            absl::string_view origin);

// Returns `packages` in their order, each once, with the channels of all
// requests for it and the origin of the first.
std::vector<PackageRequest> UniquePackages(
    std::vector<PackageRequest> packages);

}  // namespace prepull

#endif  // PREPULL_CATALOG_PACKAGE_REQUEST_H_
