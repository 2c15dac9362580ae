// Which operator packages are wanted out of a catalogue. Pure.
#ifndef PREPULL_CATALOG_PACKAGE_WORDS_H_
#define PREPULL_CATALOG_PACKAGE_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct PackageRequest {
  std::string name = "";
  // At least one, each once; an empty one is the package's default channel.
  std::vector<std::string> channels = {};
  std::string origin = "";
};

// "NAME[:CHANNEL[,CHANNEL...]]", with blanks around each word or not; "NAME"
// and "NAME:" mean the default channel. Errors: INVALID_ARGUMENT  names the
// origin.
absl::StatusOr<PackageRequest> ParsePackage(absl::string_view text,
                                            absl::string_view origin);

// `packages` in their order, each once, with the channels of all requests for
// it and the origin of the first.
std::vector<PackageRequest> UniquePackages(
    std::vector<PackageRequest> packages);

}  // namespace prepull

#endif  // PREPULL_CATALOG_PACKAGE_WORDS_H_
