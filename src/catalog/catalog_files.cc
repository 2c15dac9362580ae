#include "src/catalog/catalog_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr absl::string_view kIgnore = ".indexignore";
constexpr size_t kMaxIgnoreBytes = 1 << 20;

// Splits "a/b/c" into "a/b" and "c".
std::pair<std::string, std::string> Split(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

absl::Status CatalogFiles::Open(const std::string& path) {
  path_ = path;
  if (Split(path).second == kIgnore) {
    file_ = nullptr;
    patterns_.clear();
    return absl::OkStatus();
  }
  file_ = &files_[path];
  *file_ = {};
  stream_ = MakeCatalogStream(
      [this](CatalogDocument document) { return Keep(std::move(document)); },
      [this](absl::string_view package) { return catalog_.Wants(package); });
  return absl::OkStatus();
}

absl::Status CatalogFiles::Append(absl::string_view bytes) {
  if (file_ == nullptr) {
    patterns_.append(bytes.data(), bytes.size());
    return patterns_.size() <= kMaxIgnoreBytes
               ? absl::OkStatus()
               : absl::ResourceExhaustedError(
                     absl::StrCat("larger than ", HumanBytes(kMaxIgnoreBytes)));
  }
  if (file_->status.ok()) file_->status = stream_->Append(bytes);
  return absl::OkStatus();
}

absl::Status CatalogFiles::Close() {
  if (file_ == nullptr) {
    ignore_.Add(Split(path_).first, patterns_);
  } else if (file_->status.ok()) {
    file_->status = stream_->Finish();
  }
  return absl::OkStatus();
}

absl::Status CatalogFiles::Keep(CatalogDocument document) {
  if (document.schema != "olm.package" && !catalog_.Wants(document.package)) {
    return absl::OkStatus();
  }
  kept_bytes_ += BytesOf(document);
  if (kept_bytes_ > kMaxCatalogBytes) return CatalogTooLarge();
  file_->documents.push_back(std::move(document));
  return absl::OkStatus();
}

absl::Status CatalogFiles::AddTo(Catalog& catalog) {
  for (auto& [path, file] : files_) {
    if (ignore_.Ignores(path)) continue;
    absl::Status status = file.status;
    for (CatalogDocument& document : file.documents) {
      if (status.ok()) status = catalog.Add(std::move(document));
    }
    RETURN_IF_ERROR(Annotate(status, Printable(path, 200)));
  }
  return absl::OkStatus();
}

}  // namespace prepull
