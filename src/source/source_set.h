// The sources of one list, read from their registries.
//
// A source whose registry is unavailable does not hold up the others: all are
// read in turn, then those that failed in a way that may pass again, in
// rounds.
#ifndef PREPULL_SRC_SOURCE_SOURCE_SET_H_
#define PREPULL_SRC_SOURCE_SOURCE_SET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"
#include "prepull/list/image_request.h"
#include "prepull/registry/registry_client.h"
#include "prepull/source/image_list.h"
#include "src/source/image_source.h"

namespace prepull {

// What Read() has found.
struct SourceImages {
  std::vector<ImageRequest> requests = {};
  // One request per failed source; its reference is the error.
  std::vector<ImageRequest> failures = {};
  std::optional<int64_t> space_required_bytes = std::nullopt;
};

// Not thread-safe.
class SourceSet {
 public:
  // Returns the sources that `options` name, in the order: releases,
  // catalogues, TALM's ConfigMaps, tag rules. Asks no registry. Errors: as the
  // kinds of sources report (image_source.h).
  static absl::StatusOr<SourceSet> Parse(const SourceOptions& options,
                                         FileSystem& files);

  void Add(std::unique_ptr<ImageSource> source);
  // Adds an image that needs no registry.
  void Add(ImageRequest image);
  // Of several calls the largest counts.
  void RequireSpace(int64_t bytes);

  bool empty() const { return entries_.empty(); }

  // Reads all sources, until none may succeed any more: the registry client's
  // deadline has passed, or a source has failed for good and `keep_failures`
  // is not set, so that the others have no use. Errors: CANCELLED. Other
  // failures are those of one source.
  absl::Status Read(RegistryClient& registry, bool keep_failures);

  // Returns what Read() has found, in the order of Add.
  SourceImages Images() &&;

 private:
  struct Entry {
    std::unique_ptr<ImageSource> source;  // null for an image
    absl::Status status = absl::OkStatus();
    int tries = 0;
    std::vector<ImageRequest> images = {};

    // Whether another try may succeed.
    bool IsPending() const;
  };

  static absl::Status TryOnce(Entry& entry, RegistryClient& registry);
  bool IsOver(bool keep_failures) const;

  std::vector<Entry> entries_ = {};
  std::optional<int64_t> space_required_bytes_ = std::nullopt;
};

}  // namespace prepull

#endif  // PREPULL_SRC_SOURCE_SOURCE_SET_H_
