// One layer's tar, plain or packed with gzip or zstd, entry by entry.
//
// Nothing of it is trusted and nothing is written: paths come out cleaned, and
// an entry whose path leads out of the root does not come out at all.
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
  // Of a link: where it leads, as written. Of a hard link: a cleaned path.
  std::string target = "";
};

// Hands the content of the entry at hand to a sink. Errors: the sink's;
// RESOURCE_EXHAUSTED  more than `limit_bytes`; DATA_LOSS  it cannot be
// unpacked.
using LayerContent =
    absl::FunctionRef<absl::Status(int64_t limit_bytes, ByteSink sink)>;
using LayerVisitor =
    absl::FunctionRef<absl::Status(const LayerEntry&, LayerContent)>;

// Reads all that `source` pushes, which runs on a thread of its own meanwhile,
// to its end, so that a source which checks a digest has its say: its error
// goes before all others. `may_go_on` is asked at every piece that is unpacked:
// a few packed bytes can take minutes. Errors: the source's, the visitor's,
// its;
//   DATA_LOSS  it is no tar, or broken
//   RESOURCE_EXHAUSTED  more than five million entries
absl::Status ReadLayer(absl::FunctionRef<absl::Status(ByteSink)> source,
                       LayerVisitor visit,
                       absl::FunctionRef<absl::Status()> may_go_on);

// `path` without "", "." and a leading "/"; nothing if a ".." is in it.
std::optional<std::string> CleanPath(absl::string_view path);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_LAYER_ARCHIVE_H_
