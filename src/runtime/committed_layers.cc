#include "prepull/runtime/committed_layers.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/file_watch.h"
#include "prepull/base/log.h"
#include "prepull/base/mutex.h"
#include "prepull/base/status_macros.h"
#include "src/runtime/store_layers.h"

namespace prepull {
namespace {

// A layer takes less than a kilobyte of it.
constexpr int64_t kMaxFileBytes = 64 << 20;

class StoreFile : public CommittedLayers {
 public:
  StoreFile(FileSystem& files, std::string host_root, std::string path)
      : files_(files),
        host_root_(std::move(host_root)),
        path_(std::move(path)) {}

  // Watches before the first look, so that no change is missed. Errors: as of
  // OpenCommittedLayers.
  absl::Status Begin() {
    MutexLock lock(mutex_);
    watch_.emplace(host_root_, path_, [this] { LookAgain(); });
    absl::Status status =
        watch_->is_watching()
            ? Look()
            : absl::NotFoundError(absl::StrCat(path_, ": cannot be watched"));
    is_broken_ = !status.ok();
    return status;
  }

  Layers Now() override {
    MutexLock lock(mutex_);
    return layers_;
  }

  void Follow(std::function<void(Layers)> changed) override {
    MutexLock lock(mutex_);
    changed_ = std::move(changed);
  }

 private:
  // On the thread of the watch.
  void LookAgain() {
    MutexLock lock(mutex_);
    if (is_broken_) return;
    const Layers before = layers_;
    const absl::Status status = Look();
    if (!status.ok()) {
      is_broken_ = true;
      Log(LogLevel::kWarn, "committed layers are no longer known",
          {{"error", status.message()}});
    } else if (changed_ != nullptr && layers_->digests != before->digests) {
      changed_(layers_);
    }
  }

  // Errors: as of OpenCommittedLayers.
  absl::Status Look() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::StatusOr<std::string> text =
        files_.ReadFileIn(host_root_, path_, kMaxFileBytes);
    // A store that is empty has none.
    if (absl::IsNotFound(text.status())) text = "";
    RETURN_IF_ERROR(text.status());
    absl::StatusOr<LayerSet> parsed = ParseStoreLayers(*text);
    RETURN_IF_ERROR(Annotate(parsed.status(), path_));
    layers_ = std::make_shared<const LayerSet>(*std::move(parsed));
    return absl::OkStatus();
  }

  FileSystem& files_;
  const std::string host_root_;
  const std::string path_;
  Mutex mutex_;
  Layers layers_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const LayerSet>();
  std::function<void(Layers)> changed_ ABSL_GUARDED_BY(mutex_);
  bool is_broken_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<FileWatch> watch_;  // last: its thread ends before the others
};

}  // namespace

absl::StatusOr<std::unique_ptr<CommittedLayers>> OpenCommittedLayers(
    FileSystem& files, const std::string& host_root,
    const std::string& image_folder) {
  absl::string_view store = image_folder;
  if (!absl::StartsWith(store, "/") ||
      !absl::ConsumeSuffix(&store, "-images")) {
    return absl::UnimplementedError(
        absl::StrCat(image_folder, ": not a store of CRI-O"));
  }
  auto layers = std::make_unique<StoreFile>(
      files, host_root, absl::StrCat(store, "-layers/layers.json"));
  RETURN_IF_ERROR(layers->Begin());
  return layers;
}

std::unique_ptr<CommittedLayers> FindCommittedLayers(
    FileSystem& files, const std::string& host_root,
    const std::string& image_folder) {
  absl::StatusOr<std::unique_ptr<CommittedLayers>> opened =
      OpenCommittedLayers(files, host_root, image_folder);
  if (opened.ok()) return *std::move(opened);
  const absl::Status& why = opened.status();
  const bool is_hidden = absl::IsNotFound(why) || absl::IsUnimplemented(why);
  Log(is_hidden ? LogLevel::kDebug : LogLevel::kWarn,
      "committed layers are not known", {{"error", why.message()}});
  return nullptr;
}

}  // namespace prepull
