// What packages of an operator catalogue need, out of the catalogue's image.
#ifndef PREPULL_CATALOG_CATALOG_IMAGE_H_
#define PREPULL_CATALOG_CATALOG_IMAGE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/catalog/catalog.h"
#include "prepull/catalog/catalog_versions.h"
#include "prepull/catalog/package_words.h"
#include "prepull/image/reference.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

struct CatalogAnswer {
  std::vector<CatalogImage> images = {};
  std::set<std::string, std::less<>> packages = {};  // all that it has
  // Of the wanted ones of them.
  std::map<std::string, std::set<std::string>> channels = {};
};

// Reads what the labels of `image` name: its files, or, of the old kind, its
// database, which lies in one of `temporary_folders` until it is open. Errors:
// as the registry's and Catalog's; NOT_FOUND  it holds no catalogue.
absl::StatusOr<CatalogAnswer> AskCatalog(
    const Reference& image, const std::vector<PackageRequest>& wanted,
    const CatalogVersions& versions,
    const std::vector<std::string>& temporary_folders,
    RegistryClient& registry);

}  // namespace prepull

#endif  // PREPULL_CATALOG_CATALOG_IMAGE_H_
