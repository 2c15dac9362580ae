// Parses one file of a file-based operator catalogue as its bytes arrive: JSON
// documents one after another, or YAML documents separated by "---".
//
// The first byte tells which of the two. At most one YAML document of up to
// 16 MiB is held in memory, of JSON nothing but the kept fields.
#ifndef PREPULL_SRC_CATALOG_CATALOG_STREAM_H_
#define PREPULL_SRC_CATALOG_CATALOG_STREAM_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "src/catalog/catalog_document.h"

namespace prepull {

class CatalogStream {
 public:
  using Receive = std::function<absl::Status(CatalogDocument)>;
  // Whether documents of this package need to be read at all.
  using IsWanted = std::function<bool(absl::string_view package)>;

  virtual ~CatalogStream() = default;

  // Parses the next bytes. Errors: those of `receive`; INVALID_ARGUMENT names
  // the document by its number; RESOURCE_EXHAUSTED. No call may follow an
  // error.
  virtual absl::Status Append(absl::string_view bytes) = 0;
  // Parses the rest at the end of the file.
  virtual absl::Status Finish() = 0;
};

std::unique_ptr<CatalogStream> MakeCatalogStream(
    CatalogStream::Receive receive, CatalogStream::IsWanted wanted);

// The two kinds, for files that are known to be of that kind.
std::unique_ptr<CatalogStream> MakeCatalogJson(CatalogStream::Receive receive);
std::unique_ptr<CatalogStream> MakeCatalogYaml(CatalogStream::Receive receive,
                                               CatalogStream::IsWanted wanted);

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_CATALOG_STREAM_H_
