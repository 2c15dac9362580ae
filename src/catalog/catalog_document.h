// One document of a file-based operator catalogue, reduced to the fields that
// choosing images needs, and built from the events of a JSON or YAML parser.
// Pure.
//
// Source: https://olm.operatorframework.io/docs/reference/file-based-catalogs/
#ifndef PREPULL_SRC_CATALOG_CATALOG_DOCUMENT_H_
#define PREPULL_SRC_CATALOG_CATALOG_DOCUMENT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/catalog/channel.h"

namespace prepull {

// The limit for what is kept of a catalogue. All packages of a large one take
// half of it.
constexpr size_t kMaxCatalogBytes = 128 << 20;

struct CatalogDocument {
  std::string schema = "";  // "olm.package", "olm.channel", "olm.bundle", …
  std::string package = "";
  std::string name = "";
  std::string default_channel = "";              // of a package
  std::vector<ChannelEntry> entries = {};        // of a channel
  std::string image = "";                        // of a bundle, as the rest
  std::vector<std::string> related_images = {};  // "" where one has no name
  std::string version = "";                      // of its property olm.package
};

// Returns about how much memory the document takes.
size_t BytesOf(const CatalogDocument& document);

// Returns RESOURCE_EXHAUSTED: the catalogue needs more than kMaxCatalogBytes.
absl::Status CatalogTooLarge();

class CatalogDocumentBuilder {
 public:
  void OpenObject() { Open(/*is_object=*/true); }
  void OpenArray() { Open(/*is_object=*/false); }
  void Close();
  // The key of the next value, in an object.
  void Key(absl::string_view key);
  void Text(absl::string_view text);

  // Whether the next text would be kept. Others need not be decoded.
  bool WantsText() const { return CurrentSlot() != Slot::kNone; }
  // Whether any value at this place could matter.
  bool WantsValue() const {
    return open_.empty() || open_.back() != Place::kOther;
  }

  // Returns the document after its last event, and starts the next one.
  // Errors:
  //   INVALID_ARGUMENT    it has no schema
  //   RESOURCE_EXHAUSTED  its kept fields exceed 16 MiB
  absl::StatusOr<CatalogDocument> Finish();

 private:
  // What an open bracket contains.
  enum class Place {
    kDocument,
    kEntries,
    kEntry,
    kSkips,
    kRelatedImages,
    kRelatedImage,
    kProperties,
    kProperty,
    kPropertyValue,
    kOther,
  };

  // Where a text goes.
  enum class Slot {
    kNone,
    kSchema,
    kPackage,
    kName,
    kDefaultChannel,
    kImage,
    kEntryName,
    kEntryReplaces,
    kEntrySkips,
    kRelatedImage,
    kInvalidRelatedImage,  // a text where an object is expected
    kPropertyType,
    kPropertyVersion,
  };

  void Open(bool is_object);
  Place Inside(bool is_object) const;
  Slot CurrentSlot() const;
  void Put(Slot slot, std::string text);

  CatalogDocument document_;
  std::vector<Place> open_ = {};
  std::string key_ = "";  // of the next value
  std::string property_type_ = "";
  std::string property_version_ = "";
  size_t kept_bytes_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_CATALOG_DOCUMENT_H_
