// Filters of containerd's List calls, written so that no name can break out.
//
// Pure functions.
// Source: https://github.com/containerd/containerd/blob/v1.6.20/filters
#ifndef PREPULL_SRC_RUNTIME_CONTAINERD_FILTER_H_
#define PREPULL_SRC_RUNTIME_CONTAINERD_FILTER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "prepull/image/reference.h"

namespace prepull {

// What has the label `key`.
std::string HasLabel(absl::string_view key);

// What has the label `key` with this value.
std::string LabelIs(absl::string_view key, absl::string_view value);

// What has the label `key`, a comma-separated list, with `item` in it.
std::string LabelLists(absl::string_view key, absl::string_view item);

// Where a blob came from, as its labels name it.
struct BlobSource {
  std::string host;        // of the registry, without its port
  std::string repository;  // "team/app"
};

BlobSource SourceOf(const Reference& image);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_CONTAINERD_FILTER_H_
