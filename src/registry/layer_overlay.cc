#include "src/registry/layer_overlay.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace prepull {
namespace {

constexpr absl::string_view kWhiteout = ".wh.";
constexpr absl::string_view kOpaque = ".wh..wh..opq";

absl::string_view NameOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

bool IsAtOrBelow(absl::string_view path, absl::string_view folder) {
  if (folder.empty()) return true;
  return absl::ConsumePrefix(&path, folder) &&
         (path.empty() || path.front() == '/');
}

absl::string_view FolderOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? "" : path.substr(0, slash);
}

bool IsWhiteout(absl::string_view path) {
  return absl::StartsWith(NameOf(path), kWhiteout);
}

bool LayerOverlay::Hides(absl::string_view path) const {
  if (above_.replaced.contains(path)) return true;
  while (!path.empty()) {
    path = FolderOf(path);
    if (above_.replaced.contains(path) || above_.opaque.contains(path)) {
      return true;
    }
  }
  return false;
}

bool LayerOverlay::Hides(const LayerEntry& entry) const {
  return Hides(entry.path) || (entry.kind != LayerEntry::Kind::kFolder &&
                               above_.folders.contains(entry.path));
}

void LayerOverlay::Add(const LayerEntry& entry) {
  const absl::string_view folder = FolderOf(entry.path);
  absl::string_view name = NameOf(entry.path);
  if (name == kOpaque) {
    current_.opaque.insert(std::string(folder));
  } else if (absl::ConsumePrefix(&name, kWhiteout)) {
    current_.replaced.insert(folder.empty() ? std::string(name)
                                            : absl::StrCat(folder, "/", name));
  } else if (entry.kind == LayerEntry::Kind::kFolder) {
    current_.folders.insert(entry.path);
  } else {
    current_.replaced.insert(entry.path);
  }
}

void LayerOverlay::NextLayer() {
  above_.replaced.merge(current_.replaced);
  above_.opaque.merge(current_.opaque);
  above_.folders.merge(current_.folders);
  current_ = {};
}

}  // namespace prepull
