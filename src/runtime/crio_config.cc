#include "src/runtime/crio_config.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/toml_reader.h"

namespace prepull {
namespace {

constexpr char kCrioConf[] = "/etc/crio/crio.conf";
constexpr char kCrioDropIns[] = "/etc/crio/crio.conf.d";
constexpr char kDefaultBigFiles[] = "/var/tmp";

constexpr int64_t kMaxCrioConfBytes = 1 << 20;
constexpr int kMaxCrioConfs = 1000;
constexpr int kMaxDropInDepth = 10;

// One call of CrioBigFilesFolder.
class CrioConfig {
 public:
  CrioConfig(FileSystem& files, const std::string& host_root)
      : files_(files),
        root_(host_root),
        shown_root_(absl::StripSuffix(host_root, "/")) {}

  absl::StatusOr<std::string> Read() {
    const absl::Status main = AddFile(kCrioConf);
    if (!absl::IsNotFound(main)) RETURN_IF_ERROR(main);
    RETURN_IF_ERROR(AddFolder(kCrioDropIns, 0));
    // Empty is the default, also where a later file says so.
    if (big_files_.empty()) return kDefaultBigFiles;
    if (absl::StartsWith(big_files_, "/")) return big_files_;
    return absl::StrCat("/", big_files_);  // where systemd starts CRI-O
  }

 private:
  // Adds all files below `folder`, whatever their names end with, and those of
  // a folder in its place among them. None is there: OK.
  absl::Status AddFolder(const std::string& folder, int depth) {
    absl::StatusOr<std::vector<FolderEntry>> entries =
        files_.ListEntriesIn(root_, {.path = folder});
    if (absl::IsNotFound(entries.status())) return absl::OkStatus();
    if (!entries.ok()) return Named(entries.status());
    for (const FolderEntry& entry : *entries) {
      const std::string path = absl::StrCat(folder, "/", entry.name);
      if (++added_ > kMaxCrioConfs || depth > kMaxDropInDepth) {
        return absl::ResourceExhaustedError(absl::StrCat(
            shown_root_, path, ": too many files of CRI-O's configuration"));
      }
      RETURN_IF_ERROR(entry.kind == FileKind::kFolder
                          ? AddFolder(path, depth + 1)
                          : AddFile(path));
    }
    return absl::OkStatus();
  }

  absl::Status AddFile(const std::string& path) {
    const absl::StatusOr<std::string> text =
        files_.ReadFileIn(root_, path, kMaxCrioConfBytes);
    if (!text.ok()) return Named(text.status());
    const absl::Status added = AddText(*text, absl::StrCat(shown_root_, path));
    if (added.ok()) return absl::OkStatus();
    return WithMessage(added, absl::StrCat(added.message(),
                                           ": CRI-O would not start with it"));
  }

  absl::Status AddText(const std::string& text, const std::string& name) {
    ASSIGN_OR_RETURN(const TomlDocument document,
                     TomlDocument::Parse(text, name));
    const TomlValue* table = &document.root();
    for (const char* key : {"crio", "image"}) {
      table = table->Find(key);
      if (table == nullptr) return absl::OkStatus();
      if (table->kind != TomlValue::Kind::kTable) {
        return document.Error(*table, absl::StrCat(key, ": expected a table"));
      }
    }
    return document.Read(*table, "big_files_temporary_dir", big_files_);
  }

  // The file system names the file as the host does.
  absl::Status Named(const absl::Status& error) const {
    return WithMessage(error, absl::StrCat(shown_root_, error.message()));
  }

  FileSystem& files_;
  const std::string root_;
  const std::string shown_root_;
  std::string big_files_;
  int added_ = 0;
};

}  // namespace

absl::StatusOr<std::string> CrioBigFilesFolder(FileSystem& files,
                                               const std::string& host_root) {
  return CrioConfig(files, host_root).Read();
}

}  // namespace prepull
