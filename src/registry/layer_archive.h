// Reads a layer entry by entry: a tar, plain or compressed with gzip or zstd.
//
// The archive is not trusted, and nothing is written to disk. Paths are
// normalised; entries whose path leads out of the root are skipped.
// Source: https://github.com/opencontainers/image-spec/blob/main/layer.md
#ifndef PREPULL_SRC_REGISTRY_LAYER_ARCHIVE_H_
#define PREPULL_SRC_REGISTRY_LAYER_ARCHIVE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "prepull/registry/byte_stream.h"

namespace prepull {

struct LayerEntry {
  enum class Kind { kFile, kFolder, kSymbolicLink, kHardLink, kOther };

  Kind kind = Kind::kOther;
  std::string path = "";  // below the root, without a leading slash
  // The target of a symbolic link, as written, or of a hard link, normalised.
  std::string target = "";
};

// Passes the content of the current entry to a sink. Errors: the sink's;
// RESOURCE_EXHAUSTED  more than `limit_bytes`; DATA_LOSS  corrupt.
using LayerContent =
    absl::FunctionRef<absl::Status(int64_t limit_bytes, ByteSink sink)>;
using LayerVisitor =
    absl::FunctionRef<absl::Status(const LayerEntry&, LayerContent)>;

// Reads what `source` pushes, which runs on a thread of its own meanwhile, to
// the end, so that the source can verify a digest: its error precedes others.
// `may_go_on` is called for each decompressed piece, since a few compressed
// bytes can take minutes. Errors: those of the three functions;
//   DATA_LOSS  not a tar, or corrupt
//   RESOURCE_EXHAUSTED  more than five million entries
absl::Status ReadLayer(absl::FunctionRef<absl::Status(ByteSink)> source,
                       LayerVisitor visit,
                       absl::FunctionRef<absl::Status()> may_go_on);

// Returns `path` without "", "." and a leading "/", or nothing if it has "..".
std::optional<std::string> CleanPath(absl::string_view path);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_LAYER_ARCHIVE_H_
