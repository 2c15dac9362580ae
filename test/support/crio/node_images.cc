#include "test/support/crio/node_images.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"

namespace prepull {
namespace {

namespace cri = ::runtime::v1;
using Names = google::protobuf::RepeatedPtrField<std::string>;

bool Contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void Drop(Names& names, const std::string& name) {
  names.erase(std::remove(names.begin(), names.end(), name), names.end());
}

void AddOnce(Names& names, const std::string& name) {
  if (!Contains(names, name)) *names.Add() = name;
}

// As CRI-O tells it: {"imageSpec": {...}}.
std::string Info(const std::string& config) {
  return absl::StrCat(R"({"imageSpec":)", config, "}");
}

}  // namespace

bool NodeImages::HasLayer(const std::string& digest) const {
  MutexLock lock(mutex_);
  return layers_.contains(digest);
}

void NodeImages::BeginLayer(const ManifestBlob& layer) {
  MutexLock lock(mutex_);
  unpacking_.insert(layer.digest);
  layer_file_.Write(layers_, unpacking_);
}

void NodeImages::AddLayer(const ManifestBlob& layer) {
  MutexLock lock(mutex_);
  unpacking_.erase(layer.digest);
  layers_[layer.digest] = layer.size_bytes;
  layer_file_.Write(layers_, unpacking_);
}

void NodeImages::DropLayer(const ManifestBlob& layer) {
  MutexLock lock(mutex_);
  unpacking_.erase(layer.digest);
  layer_file_.Write(layers_, unpacking_);
}

std::string NodeImages::image_folder() const {
  MutexLock lock(mutex_);
  return layer_file_.image_folder();
}

void NodeImages::Add(const Reference& name, const PulledImage& pulled) {
  MutexLock lock(mutex_);
  Image& image = images_[pulled.id];
  image.pulled = pulled;
  image.shown.set_id(pulled.id);
  int64_t size = 0;
  for (const ManifestBlob& layer : pulled.layers) size += layer.size_bytes;
  image.shown.set_size(size);
  if (name.digest().empty()) {
    const std::string tag = name.Normalised();
    for (auto& [id, other] : images_)
      Drop(*other.shown.mutable_repo_tags(), tag);
    AddOnce(*image.shown.mutable_repo_tags(), tag);
  }
  for (const std::string& digest : pulled.digests) {
    AddOnce(*image.shown.mutable_repo_digests(),
            absl::StrCat(name.repository(), "@", digest));
  }
}

void NodeImages::Remove(const std::string& id_or_name) {
  MutexLock lock(mutex_);
  const std::string id = Find(id_or_name);
  if (id.empty()) return;
  cri::Image& shown = images_[id].shown;
  if (id != id_or_name) {
    Drop(*shown.mutable_repo_tags(),
         Reference::Parse(id_or_name)->Normalised());
    if (shown.repo_tags_size() > 0) return;
  }
  const PulledImage removed = images_[id].pulled;
  images_.erase(id);
  RemoveUnusedLayers(removed);
}

std::vector<cri::Image> NodeImages::List() const {
  MutexLock lock(mutex_);
  std::vector<cri::Image> list;
  for (const auto& [id, image] : images_) list.push_back(image.shown);
  return list;
}

void NodeImages::GetStatus(const cri::ImageStatusRequest& request,
                           cri::ImageStatusResponse& response) const {
  MutexLock lock(mutex_);
  const auto image = images_.find(Find(request.image().image()));
  if (image == images_.end()) return;
  *response.mutable_image() = image->second.shown;
  if (request.verbose()) {
    (*response.mutable_info())["info"] = Info(image->second.pulled.config);
  }
}

int64_t NodeImages::bytes() const {
  MutexLock lock(mutex_);
  int64_t bytes = 0;
  for (const auto& [digest, size] : layers_) bytes += size;
  return bytes;
}

std::string NodeImages::Find(const std::string& id_or_name) const {
  if (images_.contains(id_or_name)) return id_or_name;
  const absl::StatusOr<Reference> name = Reference::Parse(id_or_name);
  if (!name.ok()) return "";
  for (const auto& [id, image] : images_) {
    if (Contains(image.shown.repo_tags(), name->Normalised()) ||
        Contains(image.shown.repo_digests(), name->Normalised())) {
      return id;
    }
  }
  return "";
}

void NodeImages::RemoveUnusedLayers(const PulledImage& removed) {
  for (const ManifestBlob& layer : removed.layers) layers_.erase(layer.digest);
  for (const auto& [id, image] : images_) {
    for (const ManifestBlob& layer : image.pulled.layers) {
      layers_[layer.digest] = layer.size_bytes;
    }
  }
  layer_file_.Write(layers_, unpacking_);
}

}  // namespace prepull
