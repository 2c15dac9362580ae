// Reads everything that names images and makes one list of it: arguments, list
// files, standard input, and what registries answer about OpenShift releases,
// operator catalogues, TALM's ConfigMap and tag rules.
//
// A command calls ReadImages once. A kind of source is one file in src/source,
// its fields in SourceOptions and one line in source_set.cc.
#ifndef PREPULL_SOURCE_IMAGE_LIST_H_
#define PREPULL_SOURCE_IMAGE_LIST_H_

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/list/image_request.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

// The sources that need a registry.
struct SourceOptions {
  std::vector<std::string> releases = {};  // images
  std::vector<std::string> excludes = {};  // basic regular expressions
  std::vector<std::string> exclude_files = {};
  std::vector<std::string> catalogs = {};  // images
  std::vector<std::string> packages = {};  // "NAME[:CHANNEL[,CHANNEL...]]"
  std::string catalog_versions = "head";
  std::vector<std::string> precache_specs = {};  // folders
  std::vector<std::string> selects = {};         // "REPO RULE"
  std::vector<std::string> select_files = {};
  // Folders for the database of a catalogue while it is read, tried in order.
  // ReadImages replaces them by TMPDIR if that is set.
  std::vector<std::string> temporary_folders = {"/tmp", "/var/tmp"};
};

struct ListInputs {
  std::vector<std::string> images = {};      // arguments of the command
  std::vector<std::string> list_files = {};  // "-" is standard input
  std::vector<std::string> rewrites = {};    // "FROM=TO"
  SourceOptions sources = {};
  // How registries are asked. ReadImages sets the deadline, the stop token
  // and what the environment says (OpenRegistry).
  RegistryOptions registry = {};
  CredentialOptions credentials = {};
  // Whether a source that fails becomes a failed image of the list; else it is
  // an error. The sources then have half of the time until the deadline, so
  // that the rest of it is left for the images of the others.
  bool keep_failures = false;
  // Whether a malformed line is an error; else it is a failed image.
  bool is_strict = false;
  // Whether each tag gets its current digest ("app:1.2@sha256:..."). Only with
  // is_strict.
  bool resolve_digests = false;
};

struct ListContext {
  Host& host;
  FileSystem& files;
  Clock& clock;
  std::stop_token stop = {};
  Instant deadline = Instant::Never();
};

struct ImageList {
  std::vector<ImageRequest> requests = {};  // each image once
  // What TALM's ConfigMap asks for, the largest of several.
  std::optional<int64_t> space_required_bytes = std::nullopt;
};

// Reads list files, arguments and sources, in this order, rewrites the names
// and drops duplicates. Logs a warning for each rewrite rule that matches no
// image: it is probably misspelt. Errors:
//   INVALID_ARGUMENT  an option is invalid, or the list has no images, or a
//                     source failed for good
//   others            a file cannot be read; IsOutOfTime
absl::StatusOr<ImageList> ReadImages(const ListInputs& inputs,
                                     const ListContext& context);

// Whether ReadImages was interrupted or out of time (standard input did not
// end, or a registry was unavailable), so that another call may succeed.
bool IsOutOfTime(const absl::Status& error);

// The text of one list file, and its name in origins.
struct ListFileText {
  std::string name = "";  // "images.txt", "standard input"
  std::string text = "";
};

// Reads one list file; "-" is standard input. Errors: as reading reports,
// DEADLINE_EXCEEDED and CANCELLED for standard input only.
absl::StatusOr<ListFileText> ReadListText(const std::string& path,
                                          const ListContext& context);

}  // namespace prepull

#endif  // PREPULL_SOURCE_IMAGE_LIST_H_
