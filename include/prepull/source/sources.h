// Where images come from besides lists: OpenShift releases, operator
// catalogues, TALM's ConfigMap and tags by rule. Asks registries.
#ifndef PREPULL_SOURCE_SOURCES_H_
#define PREPULL_SOURCE_SOURCES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"
#include "prepull/list/image_request.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

struct SourceOptions {
  std::vector<std::string> releases = {};  // images
  std::vector<std::string> excludes = {};  // basic regular expressions
  std::vector<std::string> exclude_files = {};
  std::vector<std::string> catalogs = {};  // images
  std::vector<std::string> packages = {};  // "NAME[:CHANNEL[,CHANNEL…]]"
  std::string catalog_versions = "head";
  std::vector<std::string> precache_specs = {};  // folders
  std::vector<std::string> selects = {};         // "REPO RULE"
  std::vector<std::string> select_files = {};
  // Whether the rest is of use without a source that has failed for good.
  bool keeps_failures = false;
  // Where a catalogue's database may lie for a while.
  std::vector<std::string> temporary_folders = {"/tmp", "/var/tmp"};
};

// Whether there is anything to ask a registry for.
bool HasSources(const SourceOptions& options);

// A source that could not be had, as a run reports it: an image request whose
// reference is why.
struct SourceImages {
  std::vector<ImageRequest> requests = {};
  std::vector<ImageRequest> failures = {};
  // Of TALM's ConfigMaps the largest.
  std::optional<int64_t> space_required_bytes = std::nullopt;
};

// The images of all sources, in the order: releases, catalogues, TALM's
// additional images, tags. Release and catalogue images are among them: the
// cluster runs them, too. Origins name the source and what it calls the image.
// Errors: INVALID_ARGUMENT and others  an option, or a file that one names, is
// wrong; CANCELLED. That a registry fails is a failure of that source.
absl::StatusOr<SourceImages> ResolveSources(const SourceOptions& options,
                                            FileSystem& files,
                                            RegistryClient& registry);

}  // namespace prepull

#endif  // PREPULL_SOURCE_SOURCES_H_
