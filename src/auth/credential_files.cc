#include "src/auth/credential_files.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// As large as a Secret can be.
constexpr int64_t kLargestFile = 1 << 20;
constexpr size_t kMostFiles = 1000;

bool IsCalledLikeOne(absl::string_view name) {
  return name == ".dockerconfigjson" || name == ".dockercfg" ||
         absl::EndsWith(name, ".json");
}

std::string Shown(absl::string_view path) { return Printable(path, 1024); }

absl::StatusOr<DockerConfig> ReadOne(const std::string& path,
                                     FileSystem& files) {
  ASSIGN_OR_RETURN(const std::string text, files.ReadFile(path, kLargestFile));
  return ParseDockerConfig(text, path);
}

void MoveInto(DockerConfig&& part, DockerConfig& whole) {
  std::move(part.entries.begin(), part.entries.end(),
            std::back_inserter(whole.entries));
  std::move(part.warnings.begin(), part.warnings.end(),
            std::back_inserter(whole.warnings));
}

void NoteUnused(const absl::Status& why, DockerConfig& whole) {
  whole.warnings.push_back(Shown(why.message()));
  if (MayReadLater(why)) whole.unread = whole.warnings.back();
}

void AddFile(const std::string& folder, const std::string& name,
             FileSystem& files, DockerConfig& whole) {
  const std::string path = absl::StrCat(folder, "/", name);
  const absl::StatusOr<FileKind> kind = files.KindOf(path);
  if (kind.ok() && *kind != FileKind::kFile) return;
  absl::StatusOr<DockerConfig> config =
      kind.ok() ? ReadOne(path, files) : kind.status();
  if (config.ok()) {
    MoveInto(*std::move(config), whole);
  } else if (IsCalledLikeOne(name)) {
    NoteUnused(config.status(), whole);
  }
}

absl::StatusOr<DockerConfig> ReadFolder(const std::string& path,
                                        FileSystem& files) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, files.ListFolder(path));
  DockerConfig whole;
  if (names.size() > kMostFiles) {
    names.resize(kMostFiles);
    whole.warnings.push_back(absl::StrCat(Shown(path), ": only the first ",
                                          kMostFiles, " files are read"));
  }
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, "..")) AddFile(path, name, files, whole);
  }
  if (whole.entries.empty() && whole.warnings.empty()) {
    whole.warnings.push_back(absl::StrCat(Shown(path), ": no credentials"));
  }
  return whole;
}

}  // namespace

bool MayReadLater(const absl::Status& error) {
  return !absl::IsInvalidArgument(error);
}

absl::StatusOr<DockerConfig> ReadDockerConfigs(const std::string& path,
                                               FileSystem& files) {
  ASSIGN_OR_RETURN(const FileKind kind, files.KindOf(path));
  if (kind == FileKind::kFolder) return ReadFolder(path, files);
  if (kind == FileKind::kFile) return ReadOne(path, files);
  // A pipe could keep us for ever, and could not be read again.
  return absl::InvalidArgumentError(
      absl::StrCat(Shown(path), ": is neither file nor folder"));
}

}  // namespace prepull
