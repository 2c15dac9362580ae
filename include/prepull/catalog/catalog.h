// An operator catalogue, as far as the packages that somebody wants of it.
// Pure.
//
// Source: https://olm.operatorframework.io/docs/reference/file-based-catalogs/
#ifndef PREPULL_CATALOG_CATALOG_H_
#define PREPULL_CATALOG_CATALOG_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/catalog/catalog_document.h"
#include "prepull/catalog/catalog_versions.h"
#include "prepull/catalog/channel_head.h"
#include "prepull/catalog/package_words.h"

namespace prepull {

// An image that a bundle needs, and which bundle.
struct CatalogImage {
  std::string image = "";
  std::string bundle = "";
};

class Catalog {
 public:
  // Whatever the packages: "wanted" decides later. `wanted` must outlive it.
  explicit Catalog(const std::vector<PackageRequest>& wanted);

  // Whether documents of this package are kept.
  bool Wants(absl::string_view package) const;

  // Adds what a document says. Errors: INVALID_ARGUMENT  it says a second
  // time, and something is to be kept of it, what a package, channel or bundle
  // is.
  absl::Status Add(CatalogDocument document);

  // Whether a wanted package is there.
  bool Has(absl::string_view package) const;

  // The channels of the wanted packages that are there.
  std::map<std::string, std::set<std::string>> Channels() const;

  // The names of all packages, up to a hundred thousand.
  const std::set<std::string, std::less<>>& names() const { return names_; }

  // The bundles' own images and their related ones, in the order of what is
  // wanted; each image once. A package that is not there has none, nor has a
  // channel that was named: it may be in another catalogue. Errors: NOT_FOUND
  // a default channel or a bundle is not there, names those that are;
  // INVALID_ARGUMENT  a channel's head cannot be told.
  absl::StatusOr<std::vector<CatalogImage>> Choose(
      const CatalogVersions& versions) const;

 private:
  struct Bundle {
    std::string version = "";
    std::vector<std::string> images = {};
  };

  struct Package {
    bool is_there = false;
    std::string default_channel = "";
    std::map<std::string, std::vector<ChannelEntry>> channels = {};
    std::map<std::string, Bundle> bundles = {};
  };

  absl::Status AddChannel(CatalogDocument document);
  absl::Status AddBundle(CatalogDocument document);
  // The bundles that are wanted of a channel. Errors: as Choose's.
  absl::StatusOr<std::vector<std::string>> BundlesOf(
      const Package& package, const std::string& channel,
      const CatalogVersions& versions) const;
  // The entries of a channel, with the versions that their bundles have.
  absl::StatusOr<std::vector<ChannelEntry>> Entries(
      const Package& package, const std::string& channel) const;

  const std::vector<PackageRequest>& wanted_;
  std::set<std::string, std::less<>> names_ = {};  // of all packages
  std::map<std::string, Package, std::less<>> packages_ = {};  // the wanted
};

}  // namespace prepull

#endif  // PREPULL_CATALOG_CATALOG_H_
