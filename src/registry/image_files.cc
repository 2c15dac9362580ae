#include "prepull/registry/image_files.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/registry/layer_archive.h"
#include "src/registry/layer_overlay.h"

namespace prepull {
namespace {

// As many as Linux follows.
constexpr int kMaxPasses = 40;
// More than any real image has; each costs time at every entry.
constexpr size_t kMaxLinks = 256;
// The limit for the names that are remembered, and about what each costs
// besides its text.
constexpr size_t kMaxNameBytes = 128 << 20;
constexpr size_t kNameBytes = 64;

using Kind = LayerEntry::Kind;

constexpr int kNoLayer = -1;

// What a pass looks for.
struct Root {
  std::string path = "";
  // Where a hard link leads: to the file as its own layer sees it, even if a
  // layer above has removed that name.
  int layer = kNoLayer;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy means its own 0.
  friend auto operator<=>(const Root&, const Root&) = default;
};

struct Link {
  LayerEntry entry;
  int layer = 0;
};

std::string Join(absl::string_view a, absl::string_view b) {
  return a.empty() || b.empty() ? absl::StrCat(a, b) : absl::StrCat(a, "/", b);
}

// Where the symbolic link at `path` leads; ".." ends at the root.
std::string LinkedPath(const LayerEntry& link) {
  std::vector<absl::string_view> steps;
  if (!absl::StartsWith(link.target, "/")) {
    steps = absl::StrSplit(FolderOf(link.path), '/', absl::SkipEmpty());
  }
  for (absl::string_view step :
       absl::StrSplit(link.target, '/', absl::SkipEmpty())) {
    if (step == ".") continue;
    if (step != "..") {
      steps.push_back(step);
    } else if (!steps.empty()) {
      steps.pop_back();
    }
  }
  return absl::StrJoin(steps, "/");
}

class Search {
 public:
  Search(ImageLayers& layers, std::string path, int64_t limit_bytes,
         FileReceiver& receiver)
      : layers_(layers),
        path_(std::move(path)),
        limit_bytes_(limit_bytes),
        receiver_(receiver) {}

  absl::Status Run() {
    std::set<Root> roots;
    roots.insert({.path = path_});
    for (int pass = 0; pass < kMaxPasses && !roots.empty(); ++pass) {
      roots_ = std::move(roots);
      RETURN_IF_ERROR(Pass());
      roots = Unvisited();
      if (roots.size() > kMaxLinks) return TooManyLinks();
    }
    if (!roots.empty()) {
      return absl::ResourceExhaustedError("too many levels of links");
    }
    return delivered_.empty() ? absl::NotFoundError("no such file in the image")
                              : absl::OkStatus();
  }

 private:
  static absl::Status TooManyLinks() {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMaxLinks, " links"));
  }

  absl::Status Pass() {
    links_.clear();
    overlay_ = {};
    for (const Root& root : roots_) {
      if (root.layer == kNoLayer) visited_.insert(root.path);
    }
    for (int layer = layers_.count() - 1; layer >= 0 && !IsSettled(layer);
         --layer) {
      RETURN_IF_ERROR(
          ReadLayer([&](ByteSink sink) { return layers_.Read(layer, sink); },
                    [&](const LayerEntry& entry, LayerContent content) {
                      return Visit(layer, entry, content);
                    },
                    [this] { return layers_.MayGoOn(); }));
      overlay_.NextLayer();
    }
    return absl::OkStatus();
  }

  // Whether no layer from `layer` down can have anything more of the roots.
  bool IsSettled(int layer) const {
    for (const Root& root : roots_) {
      const bool is_to_come = root.layer != kNoLayer && layer >= root.layer;
      if (is_to_come || !overlay_.Hides(root.path)) return false;
    }
    return true;
  }

  absl::Status Visit(int layer, const LayerEntry& entry, LayerContent content) {
    bool is_near = false;  // in a folder on the way to a root, or below one
    bool is_asked_for = false;
    const absl::string_view folder = FolderOf(entry.path);
    for (const Root& root : roots_) {
      is_near = is_near || IsAtOrBelow(root.path, folder) ||
                IsAtOrBelow(folder, root.path);
      is_asked_for =
          is_asked_for ||
          (root.layer != kNoLayer
               ? entry.path == root.path &&
                     (layer == root.layer ||
                      (layer < root.layer && !overlay_.Hides(entry)))
               : IsAtOrBelow(entry.path, root.path) && !overlay_.Hides(entry));
    }
    if (!is_near) return absl::OkStatus();
    if (is_asked_for && entry.kind == Kind::kFile && !IsWhiteout(entry.path)) {
      RETURN_IF_ERROR(Deliver(entry.path, content));
    }
    const bool is_link = entry.kind == Kind::kHardLink
                             ? is_asked_for
                             : entry.kind == Kind::kSymbolicLink &&
                                   (is_asked_for || LeadsOn(entry));
    if (is_link) {
      if (links_.size() == kMaxLinks) {
        return TooManyLinks();
      }
      links_.push_back({.entry = entry, .layer = layer});
    }
    name_bytes_ += kNameBytes + entry.path.size();
    if (name_bytes_ > kMaxNameBytes) {
      return absl::ResourceExhaustedError("too many names");
    }
    overlay_.Add(entry);
    return absl::OkStatus();
  }

  // Whether `link` stands on the way to a root.
  bool LeadsOn(const LayerEntry& link) const {
    if (overlay_.Hides(link)) return false;
    for (const Root& root : roots_) {
      if (IsAtOrBelow(root.path, link.path)) return true;
    }
    return false;
  }

  absl::Status Deliver(const std::string& path, LayerContent content) {
    delivered_.insert(path);
    absl::Status status = receiver_.Open(path);
    if (status.ok()) {
      status = content(limit_bytes_, [&](absl::string_view bytes) {
        RETURN_IF_ERROR(layers_.MayGoOn());
        return receiver_.Append(bytes);
      });
    }
    if (status.ok()) status = receiver_.Close();
    return path == path_ ? status : Annotate(status, Printable(path, 200));
  }

  // Where the links of this pass lead that no pass has looked at.
  std::set<Root> Unvisited() const {
    std::set<Root> found;
    for (const Link& link : links_) {
      if (link.entry.kind != Kind::kHardLink) {
        AddBehindLink(link.entry, found);
      } else if (!delivered_.contains(link.entry.target)) {
        found.insert({.path = link.entry.target, .layer = link.layer});
      }
    }
    return found;
  }

  void AddBehindLink(const LayerEntry& link, std::set<Root>& found) const {
    for (const Root& root : roots_) {
      const std::optional<std::string> path = BehindLink(link, root);
      if (path.has_value() && !IsVisited(*path)) found.insert({.path = *path});
    }
  }

  // Where `root` is, or what of it is below the link, once the link is
  // followed; nothing if the two are apart.
  static std::optional<std::string> BehindLink(const LayerEntry& link,
                                               const Root& root) {
    const std::string target = LinkedPath(link);
    if (IsAtOrBelow(root.path, link.path)) {
      absl::string_view rest = root.path;
      rest.remove_prefix(link.path.size());
      return Join(target, absl::StripPrefix(rest, "/"));
    }
    if (IsAtOrBelow(link.path, root.path)) return target;
    return std::nullopt;
  }

  bool IsVisited(absl::string_view path) const {
    for (const std::string& visited : visited_) {
      if (IsAtOrBelow(path, visited)) return true;
    }
    return false;
  }

  ImageLayers& layers_;
  const std::string path_;
  const int64_t limit_bytes_;
  FileReceiver& receiver_;

  std::set<Root> roots_ = {};     // of this pass
  std::vector<Link> links_ = {};  // that this pass has met
  LayerOverlay overlay_ = {};
  size_t name_bytes_ = 0;  // in all passes
  absl::flat_hash_set<std::string> visited_ = {};
  absl::flat_hash_set<std::string> delivered_ = {};
};

}  // namespace

absl::Status ReadImageFiles(ImageLayers& layers, const std::string& path,
                            int64_t limit_bytes, FileReceiver& receiver) {
  const std::string what = Printable(path, 200);
  const std::optional<std::string> clean = CleanPath(path);
  if (!clean.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": invalid path: \"..\" leads out of the image"));
  }
  return Annotate(Search(layers, *clean, limit_bytes, receiver).Run(), what);
}

}  // namespace prepull
