#include "prepull/runtime/pull_folders.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/runtime/crio_config.h"

namespace prepull {
namespace {

constexpr absl::string_view kPullFolderPrefix = "container_images_storage";

// Anybody may put names there, each of them is read, and those that look like a
// pull's are looked at.
constexpr int64_t kMaxNamesInPlace = 10000;
constexpr size_t kMaxPullFolders = 1000;
constexpr int64_t kMaxFilesOfPull = 1000;

bool IsTrusted(const FolderEntry& entry) {
  return entry.owner == 0 || entry.owner == static_cast<int64_t>(geteuid());
}

bool IsPullFolder(const FolderEntry& entry) {
  absl::string_view number = entry.name;
  return absl::ConsumePrefix(&number, kPullFolderPrefix) && !number.empty() &&
         std::all_of(number.begin(), number.end(), absl::ascii_isdigit) &&
         entry.kind == FileKind::kFolder && IsTrusted(entry);
}

class CrioPullFolders : public PullFolders {
 public:
  CrioPullFolders(FileSystem& files, std::string host_root, std::string place)
      : files_(files), root_(std::move(host_root)), place_(std::move(place)) {}

  absl::StatusOr<std::vector<PullFolder>> List() override {
    ASSIGN_OR_RETURN(std::vector<FolderEntry> entries,
                     Entries({.path = place_,
                              .prefix = std::string(kPullFolderPrefix),
                              .max_names = kMaxNamesInPlace}));
    std::erase_if(entries,
                  [](const auto& entry) { return !IsPullFolder(entry); });
    if (entries.size() > kMaxPullFolders) {
      return absl::ResourceExhaustedError(Shown(absl::StrCat(
          place_, ": more than ", kMaxPullFolders, " folders of pulls")));
    }
    std::vector<PullFolder> folders;
    for (const FolderEntry& entry : entries) {
      RETURN_IF_ERROR(Add(entry.name, folders));
    }
    return folders;
  }

 private:
  // Adds the folder `name`, unless it is gone.
  absl::Status Add(const std::string& name,
                   std::vector<PullFolder>& folders) const {
    const absl::StatusOr<std::vector<FolderEntry>> entries =
        Entries({.path = absl::StrCat(place_, "/", name),
                 .may_be_link = false,
                 .max_names = kMaxFilesOfPull});
    // FAILED_PRECONDITION: by now it is something else.
    if (absl::IsNotFound(entries.status()) ||
        absl::IsFailedPrecondition(entries.status())) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(entries.status());
    PullFolder& folder = folders.emplace_back(PullFolder{.name = name});
    for (const FolderEntry& file : *entries) {
      if (file.kind == FileKind::kFile && IsTrusted(file)) {
        folder.file_bytes.push_back(file.size_bytes);
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<FolderEntry>> Entries(
      const EntryQuery& query) const {
    absl::StatusOr<std::vector<FolderEntry>> entries =
        files_.ListEntriesIn(root_, query);
    if (entries.ok()) return entries;
    // The file system names the folder as the host does.
    return WithMessage(entries.status(), Shown(entries.status().message()));
  }

  std::string Shown(absl::string_view message) const {
    return Printable(absl::StrCat(absl::StripSuffix(root_, "/"), message), 500);
  }

  FileSystem& files_;
  const std::string root_;
  const std::string place_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PullFolders>> OpenPullFolders(
    FileSystem& files, const std::string& host_root) {
  ASSIGN_OR_RETURN(std::string place, CrioBigFilesFolder(files, host_root));
  auto folders =
      std::make_unique<CrioPullFolders>(files, host_root, std::move(place));
  RETURN_IF_ERROR(folders->List().status());
  return folders;
}

}  // namespace prepull
