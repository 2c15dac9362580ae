#include "src/source/source_set.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/list/list_file.h"

namespace prepull {
namespace {

using AddSources = absl::Status (*)(const SourceOptions&, FileSystem&,
                                    SourceSet&);

// In the order of the list.
constexpr AddSources kKinds[] = {AddReleases, AddCatalogs, AddPrecacheSpecs,
                                 AddTagRules};

}  // namespace

absl::StatusOr<SourceSet> SourceSet::Parse(const SourceOptions& options,
                                           FileSystem& files) {
  SourceSet sources;
  for (const AddSources add : kKinds) {
    RETURN_IF_ERROR(add(options, files, sources));
  }
  return sources;
}

void SourceSet::Add(std::unique_ptr<ImageSource> source) {
  entries_.push_back({.source = std::move(source)});
}

void SourceSet::Add(ImageRequest image) {
  Entry& entry = entries_.emplace_back();
  entry.tries = 1;
  entry.images.push_back(std::move(image));
}

void SourceSet::RequireSpace(int64_t bytes) {
  space_required_bytes_ = std::max(space_required_bytes_.value_or(0), bytes);
}

bool SourceSet::Entry::IsPending() const {
  return tries == 0 || IsWorthAnotherTry(status, tries);
}

absl::Status SourceSet::Read(RegistryClient& registry, bool keep_failures) {
  for (int round = 1;; ++round) {
    for (Entry& entry : entries_) {
      if (entry.IsPending()) RETURN_IF_ERROR(TryOnce(entry, registry));
    }
    if (IsOver(keep_failures)) return absl::OkStatus();
    absl::Status paused = registry.Pause(round);
    if (absl::IsCancelled(paused)) return paused;
    if (!paused.ok()) return absl::OkStatus();
  }
}

absl::Status SourceSet::TryOnce(Entry& entry, RegistryClient& registry) {
  const ImageRequest& name = entry.source->name();
  const std::string image = Printable(name.image, 200);
  Log(LogLevel::kInfo, "resolving",
      {{"source", name.origin}, {"image", image}});
  absl::StatusOr<std::vector<ImageRequest>> found =
      entry.source->Read(registry);
  absl::Status status =
      Annotate(found.status(), absl::StrCat(name.origin, " ", image));
  if (absl::IsCancelled(status)) return status;
  if (status.ok()) {
    Log(LogLevel::kInfo, "resolved",
        {{"source", name.origin},
         {"image", image},
         {"images", absl::StrCat(found->size())}});
    entry.images = *std::move(found);
  }
  // A try that the deadline cut says less than the one before it.
  const bool was_cut = IsPassing(status) && !registry.MayGoOn().ok();
  if (!was_cut || entry.tries == 0) entry.status = status;
  ++entry.tries;
  if (status.ok()) return status;
  const bool is_pending = entry.IsPending();
  Log(is_pending ? LogLevel::kWarn : LogLevel::kError,
      is_pending ? "source is away" : "source failed",
      {{"error", status.message()}});
  return absl::OkStatus();
}

bool SourceSet::IsOver(bool keep_failures) const {
  bool some_pending = false;
  bool some_failed = false;
  for (const Entry& entry : entries_) {
    some_pending = some_pending || entry.IsPending();
    some_failed = some_failed || (!entry.status.ok() && !entry.IsPending());
  }
  return !some_pending || (some_failed && !keep_failures);
}

SourceImages SourceSet::Images() && {
  SourceImages all = {.space_required_bytes = space_required_bytes_};
  for (Entry& entry : entries_) {
    if (entry.status.ok()) {
      absl::c_move(entry.images, std::back_inserter(all.requests));
      continue;
    }
    ImageRequest failure = entry.source->name();
    failure.reference = std::move(entry.status);
    all.failures.push_back(std::move(failure));
  }
  for (const Entry& entry : entries_) {
    if (entry.source == nullptr) continue;
    absl::c_move(entry.source->Missing(), std::back_inserter(all.failures));
  }
  return all;
}

absl::StatusOr<std::vector<ImageRequest>> ImagesNamed(
    const std::vector<std::string>& images, const std::string& flag) {
  std::vector<ImageRequest> requests;
  for (const std::string& image : images) {
    requests.push_back(ImageNamed(image, flag));
    RETURN_IF_ERROR(requests.back().reference.status());
  }
  return requests;
}

ImageRequest ImageOf(const std::string& image, const ImageRequest& source,
                     absl::string_view name) {
  return ImageNamed(image,
                    absl::StrCat(source.image, " ", Printable(name, 200)));
}

}  // namespace prepull
