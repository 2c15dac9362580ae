#include "prepull/catalog/catalog_image.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/temporary_file.h"
#include "prepull/base/text.h"
#include "prepull/catalog/image_content.h"
#include "src/catalog/catalog.h"
#include "src/catalog/catalog_database.h"
#include "src/catalog/catalog_files.h"

namespace prepull {
namespace {

constexpr char kFilesLabel[] =
    "operators.operatorframework.io.index.configs.v1";
constexpr char kDatabaseLabel[] =
    "operators.operatorframework.io.index.database.v1";
constexpr char kDefaultFiles[] = "/configs";
constexpr char kDefaultDatabase[] = "/database/index.db";

// Ten times the largest known catalogue.
constexpr int64_t kMaxCatalogFileBytes = int64_t{8} << 30;
constexpr int64_t kMaxDatabaseBytes = int64_t{4} << 30;

// Stores one file where SQLite can open it.
class DatabaseFile : public FileReceiver {
 public:
  explicit DatabaseFile(const std::vector<std::string>& folders)
      : folders_(folders) {}

  absl::Status Open(const std::string&) override {
    auto created = TemporaryFile::Create(folders_);
    if (!created.ok()) {
      return Annotate(created.status(),
                      "no folder for the catalogue's database: set TMPDIR");
    }
    file_ = std::make_unique<TemporaryFile>(*std::move(created));
    return absl::OkStatus();
  }
  absl::Status Append(absl::string_view bytes) override {
    return file_->Append(bytes);
  }
  absl::Status Close() override { return absl::OkStatus(); }

  TemporaryFile& file() { return *file_; }

 private:
  const std::vector<std::string>& folders_;
  std::unique_ptr<TemporaryFile> file_;
};

absl::Status ReadFiles(ImageContent& content, const std::string& path,
                       Catalog& catalog) {
  CatalogFiles files(catalog);
  RETURN_IF_ERROR(ReadImageFiles(content, path, kMaxCatalogFileBytes, files));
  return files.AddTo(catalog);
}

absl::Status ReadDatabase(ImageContent& content, const std::string& path,
                          const std::vector<PackageRequest>& wanted,
                          const std::vector<std::string>& folders,
                          Catalog& catalog) {
  DatabaseFile database(folders);
  RETURN_IF_ERROR(ReadImageFiles(content, path, kMaxDatabaseBytes, database));
  return Annotate(ReadCatalogDatabase(
                      database.file().path(), wanted,
                      [&database] { database.file().Unlink(); },
                      [&content] { return content.MayGoOn(); }, catalog),
                  Printable(path, 200));
}

}  // namespace

absl::StatusOr<CatalogAnswer> ReadCatalog(
    const Reference& image, const std::vector<PackageRequest>& wanted,
    const CatalogVersions& versions,
    const std::vector<std::string>& temporary_folders,
    RegistryClient& registry) {
  ASSIGN_OR_RETURN(ImageContent content, ImageContent::Of(image, registry));
  ASSIGN_OR_RETURN(const auto labels, content.Labels());
  const auto files = labels.find(kFilesLabel);
  const auto database = labels.find(kDatabaseLabel);
  Catalog catalog(wanted);
  absl::Status read = absl::NotFoundError("");
  if (files != labels.end() || database == labels.end()) {
    read = ReadFiles(content,
                     files == labels.end() ? kDefaultFiles : files->second,
                     catalog);
  }
  if (absl::IsNotFound(read) && files == labels.end()) {
    read = ReadDatabase(
        content, database == labels.end() ? kDefaultDatabase : database->second,
        wanted, temporary_folders, catalog);
  }
  if (absl::IsNotFound(read)) {
    return Annotate(read, "no catalogue in the image");
  }
  RETURN_IF_ERROR(read);
  CatalogAnswer answer;
  ASSIGN_OR_RETURN(answer.images, catalog.Choose(versions));
  answer.packages = catalog.names();
  answer.channels = catalog.Channels();
  return answer;
}

}  // namespace prepull
