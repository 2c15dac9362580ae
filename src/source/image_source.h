// A source of images that is read from a registry, and the kinds of them.
#ifndef PREPULL_SRC_SOURCE_IMAGE_SOURCE_H_
#define PREPULL_SRC_SOURCE_IMAGE_SOURCE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"
#include "prepull/catalog/channel.h"
#include "prepull/catalog/package_request.h"
#include "prepull/list/image_request.h"
#include "prepull/registry/registry_client.h"
#include "prepull/source/image_list.h"
#include "src/source/exclude_patterns.h"

namespace prepull {

class SourceSet;

class ImageSource {
 public:
  // `name`: the image or repository that is asked about, with the flag or the
  // file that named it as the origin. The log and a failure show both.
  explicit ImageSource(ImageRequest name) : name_(std::move(name)) {}
  virtual ~ImageSource() = default;

  const ImageRequest& name() const { return name_; }

  // Returns the images of this source in their order; blocks. Origins name
  // the source and what it calls the image. It is called again if the error
  // may pass.
  virtual absl::StatusOr<std::vector<ImageRequest>> Read(
      RegistryClient& registry) = 0;

  // Returns failures that show only once every source has been read.
  virtual std::vector<ImageRequest> Missing() const { return {}; }

 private:
  const ImageRequest name_;
};

// The kinds of sources, a file each. Each function adds the sources that its
// fields of `options` name. Errors: INVALID_ARGUMENT  names the flag, or the
// line of a file; others as reading a file reports.
absl::Status AddReleases(const SourceOptions& options, FileSystem& files,
                         SourceSet& sources);
absl::Status AddCatalogs(const SourceOptions& options, FileSystem& files,
                         SourceSet& sources);
absl::Status AddPrecacheSpecs(const SourceOptions& options, FileSystem& files,
                              SourceSet& sources);
absl::Status AddTagRules(const SourceOptions& options, FileSystem& files,
                         SourceSet& sources);

// The same for a kind that stands for others: a release without the images
// that `excludes` match, catalogues that together hold `packages`.
void AddRelease(ImageRequest release, ExcludePatterns excludes,
                SourceSet& sources);
void AddCatalogGroup(std::vector<ImageRequest> catalogs,
                     std::vector<PackageRequest> packages,
                     const CatalogVersions& versions,
                     const SourceOptions& options, SourceSet& sources);

// Parses --catalog-versions. Errors: INVALID_ARGUMENT  names the flag.
absl::StatusOr<CatalogVersions> VersionsOf(const SourceOptions& options);

// Makes requests of `images`, which `flag` names. Errors: INVALID_ARGUMENT  of
// the first that is not a reference.
absl::StatusOr<std::vector<ImageRequest>> ImagesNamed(
    const std::vector<std::string>& images, const std::string& flag);

// Makes the request for an image that `source` lists under `name`.
ImageRequest ImageOf(const std::string& image, const ImageRequest& source,
                     absl::string_view name);

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_IMAGE_SOURCE_H_
