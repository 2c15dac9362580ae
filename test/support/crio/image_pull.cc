#include "test/support/crio/image_pull.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>
#include <variant>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/status_macros.h"
#include "src/registry/digester.h"

namespace prepull {
namespace {

constexpr size_t kLayersAtOnce = 6;
constexpr int64_t kMaxConfigBytes = 4 << 20;

absl::Status CheckSameDigest(const std::string& found,
                             const std::string& expected) {
  if (found == expected) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat("Digest did not match, expected ",
                                         expected, ", got ", found));
}

// Returns what containers/image puts before `error` of a layer.
std::string DoingWhat(absl::string_view error, const std::string& digest,
                      const std::string& path) {
  if (absl::StartsWith(error, "fetching blob: ") ||
      absl::StartsWith(error, "Get \"")) {
    return absl::StrCat("reading blob ", digest);
  }
  return absl::StrCat(
      "writing blob: storing blob to file \"", path, "\"",
      absl::StartsWith(error, "write ") ? "" : ": happened during read");
}

}  // namespace

ImagePull::ImagePull(const PullSetup& setup, const Reference& name,
                     const Credential& credential, NodeImages& node,
                     std::stop_token stop)
    : setup_(setup),
      name_(name),
      node_(node),
      stop_(std::move(stop)),
      registry_(name, credential, setup.agent, stop_) {}

absl::StatusOr<std::string> ImagePull::Run() {
  static std::atomic<int> pulls = 0;
  folder_ = absl::StrCat(setup_.big_files, "/container_images_storage",
                         getpid(), ++pulls);
  if (!std::filesystem::create_directory(folder_)) {
    return absl::UnknownError(absl::StrCat("mkdir ", folder_));
  }
  const absl::Cleanup remove_folder = [this] {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  };
  PulledImage image;
  RETURN_IF_ERROR(FindManifest(image));
  // More than one digest: there is an index.
  const absl::Status copied = CopyImage(image);
  RETURN_IF_ERROR(
      image.digests.size() > 1
          ? Annotate(copied, "copying system image from manifest list")
          : copied);
  if (stop_.stop_requested()) return absl::CancelledError("context canceled");
  node_.Add(name_, image);
  return image.id;
}

absl::Status ImagePull::FindManifest(PulledImage& image) {
  const std::string source =
      absl::StrCat("initializing source docker://", name_.Normalised());
  const std::string wanted = !name_.digest().empty() ? name_.digest()
                             : name_.tag().empty()   ? "latest"
                                                     : name_.tag();
  RETURN_IF_ERROR(Annotate(registry_.Ping(), source));
  const absl::StatusOr<std::string> text = GetVerifiedManifest(wanted);
  RETURN_IF_ERROR(Annotate(text.status(), source));
  image.digests.push_back(DigestOf(*text));
  ASSIGN_OR_RETURN(auto parsed, ParseManifest(*text));
  if (const auto* index = std::get_if<ImageIndex>(&parsed)) {
    return ChooseManifest(*index, image);
  }
  manifest_ = std::get<ImageManifest>(std::move(parsed));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ImagePull::GetVerifiedManifest(
    const std::string& wanted) {
  ASSIGN_OR_RETURN(std::string text, registry_.GetManifest(wanted));
  if (IsVerifiable(wanted) && !VerifyDigest(text, wanted).ok()) {
    return absl::UnknownError(absl::StrCat(
        "Manifest does not match provided manifest digest ", wanted));
  }
  return text;
}

absl::Status ImagePull::ChooseManifest(const ImageIndex& index,
                                       PulledImage& image) {
  const Platform node = OwnPlatform();
  const absl::StatusOr<ManifestBlob> chosen = ChoosePlatform(index, node);
  if (!chosen.ok()) {
    return absl::UnknownError(absl::StrCat(
        "choosing an image from manifest list docker://", name_.Normalised(),
        ": no image found in image index for architecture \"",
        node.architecture, "\", variant \"", node.variant, "\", OS \"linux\""));
  }
  const absl::StatusOr<std::string> text = GetVerifiedManifest(chosen->digest);
  RETURN_IF_ERROR(Annotate(
      text.status(),
      absl::StrCat("copying system image from manifest list: determining "
                   "manifest MIME type for docker://",
                   name_.Normalised())));
  image.digests.push_back(chosen->digest);
  ASSIGN_OR_RETURN(auto parsed, ParseManifest(*text));
  if (!std::holds_alternative<ImageManifest>(parsed)) {
    return absl::UnknownError(
        "Unexpectedly received a manifest list instead of a manifest for a "
        "single image");
  }
  manifest_ = std::get<ImageManifest>(std::move(parsed));
  return absl::OkStatus();
}

absl::Status ImagePull::CopyImage(PulledImage& image) {
  const absl::Status read = registry_.GetBlob(
      manifest_.config.digest, [&](absl::string_view piece) -> absl::Status {
        absl::StrAppend(&image.config, piece);
        if (image.config.size() <= kMaxConfigBytes) return absl::OkStatus();
        return absl::UnknownError("exceeded maximum allowed size");
      });
  RETURN_IF_ERROR(Annotate(read, "parsing image configuration"));
  RETURN_IF_ERROR(
      CheckSameDigest(DigestOf(image.config), manifest_.config.digest));
  if (!JsonDocument::ParseObject(image.config).ok()) {
    return absl::UnknownError("parsing image configuration: not JSON");
  }
  RETURN_IF_ERROR(CopyLayers());
  std::ofstream(NextFile(), std::ios::binary) << image.config;
  image.id =
      manifest_.config.digest.substr(manifest_.config.digest.find(':') + 1);
  image.layers = manifest_.layers;
  return absl::OkStatus();
}

absl::Status ImagePull::CopyLayers() {
  const size_t count = manifest_.layers.size();
  std::vector<absl::Status> results(count);
  std::atomic<size_t> next = 0;
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < std::min(count, kLayersAtOnce); ++i) {
      workers.emplace_back([&] {
        for (size_t layer = next++; layer < count && !stop_.stop_requested();
             layer = next++) {
          results[layer] = CopyLayer(layer);
        }
      });
    }
  }
  if (stop_.stop_requested()) return absl::CancelledError("context canceled");
  for (const absl::Status& result : results) RETURN_IF_ERROR(result);
  return absl::OkStatus();
}

absl::Status ImagePull::CopyLayer(size_t layer) {
  const ManifestBlob& blob = manifest_.layers[layer];
  if (!node_.HasLayer(blob.digest) && !IsFetched(blob.digest)) {
    RETURN_IF_ERROR(Fetch(blob));
  }
  CommitInOrder(layer);
  return absl::OkStatus();
}

absl::Status ImagePull::Fetch(const ManifestBlob& blob) {
  const std::string path = NextFile();
  std::ofstream file(path, std::ios::binary);
  ASSIGN_OR_RETURN(Digester digester, Digester::For(blob.digest));
  absl::Status read =
      registry_.GetBlob(blob.digest, [&](absl::string_view piece) {
        digester.Update(piece);
        file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
        file.flush();  // whoever watches the file sees what came
        return file ? absl::OkStatus()
                    : absl::UnknownError(absl::StrCat(
                          "write ", path, ": no space left on device"));
      });
  if (read.ok()) read = CheckSameDigest(digester.Finish(), blob.digest);
  RETURN_IF_ERROR(Annotate(read, DoingWhat(read.message(), blob.digest, path)));
  MutexLock lock(mutex_);
  fetched_.insert(blob.digest);
  return absl::OkStatus();
}

void ImagePull::CommitInOrder(size_t layer) {
  {
    MutexLock lock(mutex_);
    waiting_.insert(layer);
    if (layer != next_to_commit_) return;
  }
  // The layer's own worker commits all that is ready; it alone moves on
  // next_to_commit_, at its end.
  while (true) {
    if (!Unpack(manifest_.layers[layer])) return;
    ++layer;
    MutexLock lock(mutex_);
    if (waiting_.contains(layer)) continue;
    next_to_commit_ = layer;
    return;
  }
}

bool ImagePull::Unpack(const ManifestBlob& layer) {
  if (stop_.stop_requested()) return false;
  if (node_.HasLayer(layer.digest)) return true;
  const absl::Duration takes =
      setup_.unpack_per_mib *
      (static_cast<double>(layer.size_bytes) / (1 << 20));
  node_.BeginLayer(layer);
  if (takes > absl::ZeroDuration() &&
      !clock_.SleepUntil(clock_.Now() + takes, stop_)) {
    node_.DropLayer(layer);
    return false;
  }
  node_.AddLayer(layer);
  return true;
}

std::string ImagePull::NextFile() {
  return absl::StrCat(folder_, "/", ++files_);
}

bool ImagePull::IsFetched(const std::string& digest) const {
  MutexLock lock(mutex_);
  return fetched_.contains(digest);
}

}  // namespace prepull
