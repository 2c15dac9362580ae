#include "prepull/progress/folder_watch.h"

#include "prepull/base/log.h"

namespace prepull {

FolderWatch::FolderWatch(PullFolders* folders) : folders_(folders) {
  if (folders_ == nullptr) return;
  const absl::StatusOr<std::vector<PullFolder>> before = folders_->List();
  if (before.ok()) {
    bytes_.emplace(*before);
    for (const PullFolder& folder : *before) before_.insert(folder.name);
  } else {
    folders_ = nullptr;
  }
}

void FolderWatch::AddBlobs(const std::vector<ManifestBlob>& blobs) {
  for (const ManifestBlob& blob : blobs) blob_sizes_.insert(blob.size_bytes);
}

void FolderWatch::OnStarted(Image image) {
  running_.insert(image);
  if (bytes_) bytes_->OnStarted(image);
}

void FolderWatch::OnPulled(Image image,
                           const std::optional<std::vector<int64_t>>& whole) {
  running_.erase(image);
  if (bytes_) bytes_->OnPulled(image, whole);
}

void FolderWatch::OnFailed(Image image) {
  running_.erase(image);
  if (bytes_) bytes_->OnFailed(image);
}

void FolderWatch::Look(Instant now) {
  looked_ = now;
  if (folders_ == nullptr) return;
  const absl::StatusOr<std::vector<PullFolder>> listed = folders_->List();
  if (!listed.ok()) {
    Log(LogLevel::kWarn, "bytes under way cannot be seen any more",
        {{"error", listed.status().message()}});
    folders_ = nullptr;
    sees_ = false;
    return;
  }
  NoteFiles(now, *listed);
  bytes_->OnLook(*listed);
}

void FolderWatch::NoteFiles(Instant now,
                            const std::vector<PullFolder>& listed) {
  std::map<std::pair<std::string, int64_t>, Instant> files;
  size_t folders = 0;
  for (const PullFolder& folder : listed) {
    if (before_.contains(folder.name)) continue;
    ++folders;
    for (const int64_t bytes : folder.file_bytes) {
      const std::pair<std::string, int64_t> file = {folder.name, bytes};
      const auto known = files_.find(file);
      files.emplace(file, known == files_.end() ? now : known->second);
    }
  }
  files_ = std::move(files);
  sees_all_ = folders >= running_.size();
  sees_ = sees_ || (sees_all_ && folders > 0);
}

std::optional<int64_t> FolderWatch::BytesOf(Image image) const {
  return sees_ ? bytes_->BytesOf(image) : std::nullopt;
}

std::optional<int> FolderWatch::RestingFiles(absl::Duration time) const {
  if (!sees_ || !sees_all_ || !knows_all_blobs_) return std::nullopt;
  int resting = 0;
  for (const auto& [file, since] : files_) {
    resting += looked_ - since >= time && !blob_sizes_.contains(file.second);
  }
  return resting;
}

}  // namespace prepull
