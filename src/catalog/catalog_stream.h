// The documents of one file of a file-based operator catalogue, as its bytes
// arrive: JSON documents one behind another, or YAML documents with "---"
// between them.
//
// Which of the two it is its first byte says. Of the file never more is held
// than one YAML document of 16 MiB at most, or nothing where it is JSON.
#ifndef PREPULL_SRC_CATALOG_CATALOG_STREAM_H_
#define PREPULL_SRC_CATALOG_CATALOG_STREAM_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "prepull/catalog/catalog_document.h"

namespace prepull {

class CatalogStream {
 public:
  using Take = std::function<absl::Status(CatalogDocument)>;
  // Whether documents of this package need to be read at all.
  using IsWanted = std::function<bool(absl::string_view package)>;

  virtual ~CatalogStream() = default;

  // The next bytes. Errors: those of `take`; INVALID_ARGUMENT names the
  // document by its number, RESOURCE_EXHAUSTED. After an error nothing more
  // may come.
  virtual absl::Status Append(absl::string_view bytes) = 0;
  // The end of the file.
  virtual absl::Status Finish() = 0;
};

std::unique_ptr<CatalogStream> MakeCatalogStream(
    CatalogStream::Take take, CatalogStream::IsWanted wanted);

// Each of the two; what comes is known to be of that kind.
std::unique_ptr<CatalogStream> MakeCatalogJson(CatalogStream::Take take);
std::unique_ptr<CatalogStream> MakeCatalogYaml(CatalogStream::Take take,
                                               CatalogStream::IsWanted wanted);

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_CATALOG_STREAM_H_
