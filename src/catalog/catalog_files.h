// Reads the files of a file-based catalogue into a Catalog.
//
// An .indexignore may come after the files that it excludes, so files are
// filtered at the end, and until then the error of a file is kept with it.
#ifndef PREPULL_SRC_CATALOG_CATALOG_FILES_H_
#define PREPULL_SRC_CATALOG_CATALOG_FILES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "prepull/registry/image_files.h"
#include "src/catalog/catalog.h"
#include "src/catalog/catalog_stream.h"
#include "src/catalog/index_ignore.h"

namespace prepull {

class CatalogFiles : public FileReceiver {
 public:
  // `catalog` decides what is kept of the files. It must outlive the reader.
  explicit CatalogFiles(const Catalog& catalog) : catalog_(catalog) {}

  absl::Status Open(const std::string& path) override;
  absl::Status Append(absl::string_view bytes) override;
  absl::Status Close() override;

  // Adds the documents of all files that are not excluded. Errors: of the
  // first such file, with its name.
  absl::Status AddTo(Catalog& catalog);

 private:
  struct File {
    std::vector<CatalogDocument> documents = {};
    absl::Status status = absl::OkStatus();
  };

  absl::Status Keep(CatalogDocument document);

  const Catalog& catalog_;
  std::map<std::string, File> files_ = {};
  IndexIgnore ignore_ = {};

  std::string path_ = "";  // of the open file
  size_t kept_bytes_ = 0;  // of all files
  File* file_ = nullptr;   // null for an .indexignore
  std::unique_ptr<CatalogStream> stream_;
  std::string patterns_ = "";  // of an .indexignore
};

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_CATALOG_FILES_H_
