#include "src/catalog/catalog_document.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr size_t kMaxDocumentBytes = 16 << 20;
// The cost of an element besides its text.
constexpr size_t kElementBytes = 64;
// Longer than any key of interest.
constexpr size_t kMaxKey = 32;

size_t BytesOf(const std::string& text) { return kElementBytes + text.size(); }

size_t BytesOf(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += BytesOf(text);
  return bytes;
}

}  // namespace

size_t BytesOf(const CatalogDocument& document) {
  size_t bytes = sizeof(document) + BytesOf(document.name) +
                 BytesOf(document.image) + BytesOf(document.related_images);
  for (const ChannelEntry& entry : document.entries) {
    bytes += sizeof(entry) + BytesOf(entry.name) + BytesOf(entry.skips);
  }
  return bytes;
}

absl::Status CatalogTooLarge() {
  return absl::ResourceExhaustedError(
      absl::StrCat("catalogue too large: more than ",
                   HumanBytes(kMaxCatalogBytes), " of the wanted packages"));
}

void CatalogDocumentBuilder::Key(absl::string_view key) {
  key_ = std::string(key.substr(0, kMaxKey));
}

void CatalogDocumentBuilder::Open(bool is_object) {
  Place place = Inside(is_object);
  if (kept_bytes_ > kMaxDocumentBytes) place = Place::kOther;
  if (place == Place::kEntry) {
    document_.entries.emplace_back();
    kept_bytes_ += kElementBytes;
  } else if (place == Place::kRelatedImage) {
    document_.related_images.emplace_back();
    kept_bytes_ += kElementBytes;
  } else if (place == Place::kProperty) {
    property_type_.clear();
    property_version_.clear();
  }
  open_.push_back(place);
  key_.clear();
}

void CatalogDocumentBuilder::Close() {
  if (open_.empty()) return;
  if (open_.back() == Place::kProperty && property_type_ == "olm.package") {
    document_.version = property_version_;
  }
  open_.pop_back();
  key_.clear();
}

CatalogDocumentBuilder::Place CatalogDocumentBuilder::Inside(
    bool is_object) const {
  if (open_.empty()) return is_object ? Place::kDocument : Place::kOther;
  const Place outer = open_.back();
  if (outer == Place::kDocument && !is_object) {
    if (key_ == "entries") return Place::kEntries;
    if (key_ == "relatedImages") return Place::kRelatedImages;
    if (key_ == "properties") return Place::kProperties;
  }
  if (outer == Place::kEntry && !is_object && key_ == "skips") {
    return Place::kSkips;
  }
  if (is_object && outer == Place::kEntries) return Place::kEntry;
  if (is_object && outer == Place::kRelatedImages) return Place::kRelatedImage;
  if (is_object && outer == Place::kProperties) return Place::kProperty;
  if (is_object && outer == Place::kProperty && key_ == "value") {
    return Place::kPropertyValue;
  }
  return Place::kOther;
}

CatalogDocumentBuilder::Slot CatalogDocumentBuilder::CurrentSlot() const {
  switch (open_.empty() ? Place::kOther : open_.back()) {
    case Place::kDocument:
      if (key_ == "schema") return Slot::kSchema;
      if (key_ == "package") return Slot::kPackage;
      if (key_ == "name") return Slot::kName;
      if (key_ == "defaultChannel") return Slot::kDefaultChannel;
      return key_ == "image" ? Slot::kImage : Slot::kNone;
    case Place::kEntry:
      if (key_ == "name") return Slot::kEntryName;
      return key_ == "replaces" ? Slot::kEntryReplaces : Slot::kNone;
    case Place::kSkips:
      return Slot::kEntrySkips;
    case Place::kRelatedImages:
      return Slot::kInvalidRelatedImage;
    case Place::kRelatedImage:
      return key_ == "image" ? Slot::kRelatedImage : Slot::kNone;
    case Place::kProperty:
      return key_ == "type" ? Slot::kPropertyType : Slot::kNone;
    case Place::kPropertyValue:
      return key_ == "version" ? Slot::kPropertyVersion : Slot::kNone;
    default:
      return Slot::kNone;
  }
}

void CatalogDocumentBuilder::Text(absl::string_view text) {
  const Slot slot = CurrentSlot();
  if (slot == Slot::kNone) return;
  kept_bytes_ += text.size() + kElementBytes;
  if (kept_bytes_ <= kMaxDocumentBytes) Put(slot, std::string(text));
}

void CatalogDocumentBuilder::Put(Slot slot, std::string text) {
  switch (slot) {
    case Slot::kNone:
      break;
    case Slot::kSchema:
      document_.schema = std::move(text);
      break;
    case Slot::kPackage:
      document_.package = std::move(text);
      break;
    case Slot::kName:
      document_.name = std::move(text);
      break;
    case Slot::kDefaultChannel:
      document_.default_channel = std::move(text);
      break;
    case Slot::kImage:
      document_.image = std::move(text);
      break;
    case Slot::kEntryName:
      document_.entries.back().name = std::move(text);
      break;
    case Slot::kEntryReplaces:
      document_.entries.back().replaces = std::move(text);
      break;
    case Slot::kEntrySkips:
      document_.entries.back().skips.push_back(std::move(text));
      break;
    case Slot::kRelatedImage:
      document_.related_images.back() = std::move(text);
      break;
    case Slot::kInvalidRelatedImage:
      document_.related_images.emplace_back();
      break;
    case Slot::kPropertyType:
      property_type_ = std::move(text);
      break;
    case Slot::kPropertyVersion:
      property_version_ = std::move(text);
      break;
  }
}

absl::StatusOr<CatalogDocument> CatalogDocumentBuilder::Finish() {
  CatalogDocument document = std::exchange(document_, {});
  const size_t kept_bytes = std::exchange(kept_bytes_, 0);
  open_.clear();
  key_.clear();
  if (kept_bytes > kMaxDocumentBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("document too large: more than ",
                     HumanBytes(kMaxDocumentBytes), " of names"));
  }
  if (document.schema.empty()) {
    return absl::InvalidArgumentError("schema is missing");
  }
  return document;
}

}  // namespace prepull
