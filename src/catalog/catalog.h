// The wanted packages of an operator catalogue. Pure.
//
// Source: https://olm.operatorframework.io/docs/reference/file-based-catalogs/
#ifndef PREPULL_SRC_CATALOG_CATALOG_H_
#define PREPULL_SRC_CATALOG_CATALOG_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/catalog/catalog_image.h"
#include "prepull/catalog/channel.h"
#include "prepull/catalog/package_request.h"
#include "src/catalog/catalog_document.h"

namespace prepull {

class Catalog {
 public:
  // `wanted` must outlive the catalogue.
  explicit Catalog(const std::vector<PackageRequest>& wanted);

  // Whether documents of this package are kept.
  bool Wants(absl::string_view package) const;

  // Adds a document. Errors: INVALID_ARGUMENT  it defines a wanted package, or
  // a channel or bundle of one, a second time.
  absl::Status Add(CatalogDocument document);

  // Whether the package is wanted and was added.
  bool Has(absl::string_view package) const;

  // Returns the channels of the wanted packages that were added.
  std::map<std::string, std::set<std::string>> Channels() const;

  // The names of all packages, at most a hundred thousand.
  const std::set<std::string, std::less<>>& names() const { return names_; }

  // Returns the images of the wanted bundles and their related images, in the
  // order of what is wanted, each once. A missing package or named channel is
  // skipped: it may be in another catalogue. Errors: NOT_FOUND  a default
  // channel or a bundle is missing, names the existing ones; INVALID_ARGUMENT
  // a channel has no single head.
  absl::StatusOr<std::vector<CatalogImage>> Choose(
      const CatalogVersions& versions) const;

 private:
  struct Bundle {
    std::string version = "";
    std::vector<std::string> images = {};
  };

  struct Package {
    bool is_added = false;
    std::string default_channel = "";
    std::map<std::string, std::vector<ChannelEntry>> channels = {};
    std::map<std::string, Bundle> bundles = {};
  };

  absl::Status AddChannel(CatalogDocument document);
  absl::Status AddBundle(CatalogDocument document);
  // Returns the wanted bundles of a channel. Errors: as Choose.
  absl::StatusOr<std::vector<std::string>> BundlesOf(
      const Package& package, const std::string& channel,
      const CatalogVersions& versions) const;
  // Returns the entries of a channel, with the versions of their bundles.
  absl::StatusOr<std::vector<ChannelEntry>> Entries(
      const Package& package, const std::string& channel) const;

  const std::vector<PackageRequest>& wanted_;
  std::set<std::string, std::less<>> names_ = {};  // of all packages
  std::map<std::string, Package, std::less<>> packages_ = {};  // the wanted
};

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_CATALOG_H_
