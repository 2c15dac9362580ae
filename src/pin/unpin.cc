#include "prepull/pin/unpin.h"

#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "src/pin/pin_records.h"

namespace prepull {
namespace {

std::vector<std::string> AllRecords(const StoredImage& stored) {
  std::vector<std::string> names = stored.repo_tags;
  names.insert(names.end(), stored.repo_digests.begin(),
               stored.repo_digests.end());
  names.push_back(stored.id);
  return names;
}

std::set<std::string> NamesOf(const std::vector<PinnedRecord>& records) {
  std::set<std::string> names;
  for (const PinnedRecord& record : records) names.insert(record.name);
  return names;
}

// The stored image that has this record; null for a record of an image that
// the runtime does not list.
const StoredImage* ImageOfRecord(const Inventory& node,
                                 const std::string& record) {
  if (const StoredImage* stored = node.FindByImageRef(record)) return stored;
  const absl::StatusOr<Reference> name = Reference::Parse(record);
  return name.ok() ? node.Find(*name) : nullptr;
}

// How well a record's name tells a person which image it is.
int Clarity(const std::string& record) {
  if (absl::StrContains(record, "@")) return 1;
  return absl::StartsWith(record, "sha256:") ? 0 : 2;
}

}  // namespace

absl::StatusOr<std::vector<PinnedRecord>> OurPins(ImageRecords& records,
                                                  const CallLimit& limit) {
  auto pinned = records.Pinned(limit);
  if (!pinned.ok()) return pinned.status();
  std::erase_if(*pinned,
                [](const PinnedRecord& record) { return !record.is_ours; });
  return pinned;
}

std::vector<HeldPin> PinsOf(const std::vector<ImageRequest>& requests,
                            const Inventory& node,
                            const std::vector<PinnedRecord>& pinned) {
  std::set<std::string> left = NamesOf(pinned);
  std::vector<HeldPin> pins;
  for (const ImageRequest& request : requests) {
    if (!request.reference.ok()) continue;
    // A record may outlive what the runtime lists.
    std::vector<std::string> names = {request.reference->Normalised()};
    if (const StoredImage* stored = node.Find(*request.reference)) {
      names = AllRecords(*stored);
    }
    HeldPin pin = {.image = request.image, .records = {}};
    for (const std::string& name : names) {
      if (left.erase(name) > 0) pin.records.push_back(name);
    }
    if (!pin.records.empty()) pins.push_back(std::move(pin));
  }
  return pins;
}

std::vector<HeldPin> PinsNotIn(const std::vector<ImageRequest>& requests,
                               const Inventory& node,
                               const std::vector<PinnedRecord>& pinned) {
  std::set<std::string> freed = NamesOf(pinned);
  for (const ImageRequest& request : requests) {
    if (!request.reference.ok()) continue;
    freed.erase(request.reference->Normalised());
    const StoredImage* stored = node.Find(*request.reference);
    if (stored == nullptr) continue;
    for (const std::string& name : RecordsToPin(*request.reference, *stored)) {
      freed.erase(name);
    }
  }
  std::vector<HeldPin> pins;
  absl::flat_hash_map<std::string, size_t> by_image;
  for (const std::string& name : freed) {
    const StoredImage* stored = ImageOfRecord(node, name);
    const auto [found, is_new] =
        by_image.emplace(stored == nullptr ? name : stored->id, pins.size());
    if (is_new) pins.push_back({.image = name, .records = {}});
    HeldPin& pin = pins[found->second];
    if (Clarity(name) > Clarity(pin.image)) pin.image = name;
    pin.records.push_back(name);
  }
  return pins;
}

absl::Status Unpin(ImageRecords& records, const std::string& record,
                   const CallLimit& limit) {
  const absl::Status changed = records.Unpin(record, limit);
  return absl::IsNotFound(changed) ? absl::OkStatus() : changed;
}

}  // namespace prepull
