// Operator catalogues: their own images and what packages in them need.
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/catalog/catalog_image.h"
#include "src/source/image_source.h"
#include "src/source/source_set.h"

namespace prepull {
namespace {

ImageRequest MissingPackage(const PackageRequest& package,
                            absl::string_view what,
                            const std::set<std::string>& existing) {
  const std::string name = Printable(package.name, 200);
  return {.image = name,
          .origin = package.origin,
          .reference = absl::NotFoundError(
              absl::StrCat(package.origin, " ", name, ": ", what,
                           Existing({existing.begin(), existing.end()})))};
}

// Catalogues that together must hold some packages.
struct CatalogGroup {
  std::vector<PackageRequest> packages;
  CatalogVersions versions;
  std::vector<std::string> temporary_folders;
  size_t catalogs = 0;
  std::vector<CatalogAnswer> answers = {};  // of those that were read
};

class CatalogSource : public ImageSource {
 public:
  // `reports_missing`: of one source of the group.
  CatalogSource(ImageRequest catalog, std::shared_ptr<CatalogGroup> group,
                bool reports_missing)
      : ImageSource(std::move(catalog)),
        group_(std::move(group)),
        reports_missing_(reports_missing) {}

  absl::StatusOr<std::vector<ImageRequest>> Read(
      RegistryClient& registry) override {
    RETURN_IF_ERROR(name().reference.status());
    std::vector<ImageRequest> images = {name()};
    ASSIGN_OR_RETURN(
        CatalogAnswer answer,
        ReadCatalog(*name().reference, group_->packages, group_->versions,
                    group_->temporary_folders, registry));
    for (const CatalogImage& image : answer.images) {
      images.push_back(ImageOf(image.image, name(), image.bundle));
    }
    group_->answers.push_back(std::move(answer));
    return images;
  }

  // A catalogue that could not be read may hold what the others lack.
  std::vector<ImageRequest> Missing() const override {
    if (!reports_missing_ || group_->answers.size() < group_->catalogs) {
      return {};
    }
    std::set<std::string> packages;
    std::map<std::string, std::set<std::string>> channels;
    for (const CatalogAnswer& answer : group_->answers) {
      packages.insert(answer.packages.begin(), answer.packages.end());
      for (const auto& [package, names] : answer.channels) {
        channels[package].insert(names.begin(), names.end());
      }
    }
    std::vector<ImageRequest> missing;
    for (const PackageRequest& package : group_->packages) {
      const auto found = channels.find(package.name);
      if (found == channels.end()) {
        missing.push_back(
            MissingPackage(package, "not found in any catalogue; ", packages));
      } else {
        AddMissingChannels(package, found->second, missing);
      }
    }
    return missing;
  }

 private:
  static void AddMissingChannels(const PackageRequest& package,
                                 const std::set<std::string>& existing,
                                 std::vector<ImageRequest>& missing) {
    for (const std::string& channel : package.channels) {
      if (channel.empty() || existing.contains(channel)) continue;
      const std::string what =
          absl::StrCat("channel \"", Printable(channel, 128), "\" not found; ");
      missing.push_back(MissingPackage(package, what, existing));
    }
  }

  const std::shared_ptr<CatalogGroup> group_;
  const bool reports_missing_;
};

}  // namespace

absl::StatusOr<CatalogVersions> VersionsOf(const SourceOptions& options) {
  absl::StatusOr<CatalogVersions> versions =
      CatalogVersions::Parse(options.catalog_versions);
  RETURN_IF_ERROR(Annotate(versions.status(), "--catalog-versions"));
  return versions;
}

void AddCatalogGroup(std::vector<ImageRequest> catalogs,
                     std::vector<PackageRequest> packages,
                     const CatalogVersions& versions,
                     const SourceOptions& options, SourceSet& sources) {
  const auto group = std::make_shared<CatalogGroup>(
      CatalogGroup{.packages = std::move(packages),
                   .versions = versions,
                   .temporary_folders = options.temporary_folders,
                   .catalogs = catalogs.size()});
  for (size_t i = 0; i < catalogs.size(); ++i) {
    sources.Add(std::make_unique<CatalogSource>(std::move(catalogs[i]), group,
                                                /*reports_missing=*/i == 0));
  }
}

absl::Status AddCatalogs(const SourceOptions& options, FileSystem&,
                         SourceSet& sources) {
  ASSIGN_OR_RETURN(const CatalogVersions versions, VersionsOf(options));
  ASSIGN_OR_RETURN(std::vector<ImageRequest> catalogs,
                   ImagesNamed(options.catalogs, "--catalog"));
  std::vector<PackageRequest> packages;
  for (const std::string& word : options.packages) {
    ASSIGN_OR_RETURN(PackageRequest package, ParsePackage(word, "--package"));
    packages.push_back(std::move(package));
  }
  if (catalogs.empty() != packages.empty()) {
    return absl::InvalidArgumentError(packages.empty()
                                          ? "--catalog needs a --package"
                                          : "--package needs a --catalog");
  }
  AddCatalogGroup(std::move(catalogs), UniquePackages(std::move(packages)),
                  versions, options, sources);
  return absl::OkStatus();
}

}  // namespace prepull
