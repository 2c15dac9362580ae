// Asks registries for sources, and for those that are away again and again.
#ifndef PREPULL_SRC_SOURCE_RESOLUTION_H_
#define PREPULL_SRC_SOURCE_RESOLUTION_H_

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "prepull/catalog/catalog_image.h"
#include "prepull/catalog/catalog_versions.h"
#include "prepull/catalog/package_words.h"
#include "prepull/list/image_request.h"
#include "prepull/registry/registry_client.h"
#include "prepull/source/sources.h"
#include "prepull/tags/tag_rule.h"
#include "src/source/exclude_patterns.h"
#include "src/source/source_line.h"

namespace prepull {

// What belongs together: excludes concern these releases, packages are looked
// for in these catalogues.
struct SourceGroup {
  std::vector<ImageRequest> releases = {};
  std::vector<SourceLine> excludes = {};
  std::vector<ImageRequest> catalogs = {};
  std::vector<PackageRequest> packages = {};
  std::vector<ImageRequest> images = {};
};

// Not thread-safe.
class Resolution {
 public:
  // `options` and `registry` must outlive this.
  Resolution(const SourceOptions& options, CatalogVersions versions,
             RegistryClient& registry);
  Resolution(const Resolution&) = delete;
  Resolution& operator=(const Resolution&) = delete;

  // Errors: INVALID_ARGUMENT  a pattern of it is wrong.
  absl::Status Add(const SourceGroup& group);
  void Add(const TagRule& rule);

  // Reads all sources. One whose registry is away holds up no other: all are
  // asked in turn, then those that were away once more, until the registry
  // client's time is up, or a source has failed for good and the others are of
  // no use without it. Errors: CANCELLED.
  absl::Status Read();

  // What Read() has found, in the order of Add, and every source that it has
  // not found.
  SourceImages Take();

 private:
  using Found = std::vector<ImageRequest>;

  struct Source {
    ImageRequest request;
    std::function<absl::Status(Found& found)> read = nullptr;
    absl::Status status = absl::OkStatus();  // of the last try
    int tries = 0;
    Found found = {};

    // Whether it may be had by another try, if not the first.
    bool IsWaiting() const;
  };

  // The catalogues of a group, which together have to have its packages.
  struct Shelf {
    std::vector<PackageRequest> packages;
    size_t catalogs = 0;
    std::vector<CatalogAnswer> answers = {};  // of those that were read
  };

  void AddSource(const ImageRequest& request,
                 std::function<absl::Status(Found& found)> read);
  // Errors: CANCELLED.
  absl::Status Try(Source& source);
  // Whether no further round can change how this ends.
  bool IsOver() const;

  absl::Status ReadRelease(const ImageRequest& release,
                           const ExcludePatterns& excludes, Found& found);
  absl::Status ReadCatalog(const ImageRequest& catalog, Shelf& shelf,
                           Found& found);
  absl::Status ReadTags(const TagRule& rule, Found& found);
  absl::Status DescribeAlias(ImageRequest& alias);

  // Notes packages, and channels of them, that none of the catalogues has.
  static void NoteMissing(const Shelf& shelf, Found& failures);

  const SourceOptions& options_;
  const CatalogVersions versions_;
  RegistryClient& registry_;
  std::vector<Source> sources_ = {};
  std::deque<Shelf> shelves_ = {};  // whose catalogues refer to them
};

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_RESOLUTION_H_
