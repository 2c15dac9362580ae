// Reads which images the wanted packages need, out of an operator catalogue's
// image.
#ifndef PREPULL_CATALOG_CATALOG_IMAGE_H_
#define PREPULL_CATALOG_CATALOG_IMAGE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/catalog/channel.h"
#include "prepull/catalog/package_request.h"
#include "prepull/image/reference.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

// An image that a bundle needs, and which bundle.
struct CatalogImage {
  std::string image = "";
  std::string bundle = "";
};

struct CatalogAnswer {
  std::vector<CatalogImage> images = {};
  std::set<std::string, std::less<>> packages = {};  // of the whole catalogue
  // Of the wanted packages that it has.
  std::map<std::string, std::set<std::string>> channels = {};
};

// Reads the catalogue where the labels of `image` say it is: its files, or the
// SQLite database of the old kind, which is stored in one of
// `temporary_folders` until it is open. Errors: those of the registry and of
// Catalog; NOT_FOUND  the image has no catalogue.
absl::StatusOr<CatalogAnswer> ReadCatalog(
    const Reference& image, const std::vector<PackageRequest>& wanted,
    const CatalogVersions& versions,
    const std::vector<std::string>& temporary_folders,
    RegistryClient& registry);

}  // namespace prepull

#endif  // PREPULL_CATALOG_CATALOG_IMAGE_H_
