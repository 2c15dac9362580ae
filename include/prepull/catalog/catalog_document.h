// One document of a file-based operator catalogue, as far as choosing images
// from it needs it, put together from the events of a JSON or YAML parser.
// Pure.
//
// Source: https://olm.operatorframework.io/docs/reference/file-based-catalogs/
#ifndef PREPULL_CATALOG_CATALOG_DOCUMENT_H_
#define PREPULL_CATALOG_CATALOG_DOCUMENT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/catalog/channel_head.h"

namespace prepull {

// What all that is kept of a catalogue may take. All packages of a large one
// take half of it.
constexpr size_t kMostCatalogBytes = 128 << 20;

struct CatalogDocument {
  std::string schema = "";  // "olm.package", "olm.channel", "olm.bundle", …
  std::string package = "";
  std::string name = "";
  std::string default_channel = "";              // of a package
  std::vector<ChannelEntry> entries = {};        // of a channel
  std::string image = "";                        // of a bundle, as the rest
  std::vector<std::string> related_images = {};  // empty where one has no name
  std::string version = "";  // as the property olm.package says
};

// About what it takes in memory.
size_t BytesOf(const CatalogDocument& document);

// What is said of more than kMostCatalogBytes.
absl::Status TooMuchNamed();

class CatalogDocumentBuilder {
 public:
  void OpenObject() { Open(/*is_object=*/true); }
  void OpenArray() { Open(/*is_object=*/false); }
  void Close();
  // Of the value that comes next, in an object.
  void Key(absl::string_view key);
  void Text(absl::string_view text);

  // Whether a text that came now would be kept: others need not be decoded.
  bool WantsText() const { return SlotNow() != Slot::kNone; }
  // Whether some value could matter that came now.
  bool IsHeeding() const {
    return open_.empty() || open_.back() != Place::kOther;
  }

  // After the last event: the document; the next one may begin. Errors:
  //   INVALID_ARGUMENT    it has no schema
  //   RESOURCE_EXHAUSTED  it names more than 16 MiB of what concerns us
  absl::StatusOr<CatalogDocument> Finish();

 private:
  // What a bracket that is open holds.
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
    kNoRelatedImage,  // a text where an object should be
    kPropertyType,
    kPropertyVersion,
  };

  void Open(bool is_object);
  Place Inside(bool is_object) const;
  Slot SlotNow() const;
  void Put(Slot slot, std::string text);

  CatalogDocument document_;
  std::vector<Place> open_ = {};
  std::string key_ = "";  // of the value that comes next
  std::string property_type_ = "";
  std::string property_version_ = "";
  size_t kept_bytes_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_CATALOG_CATALOG_DOCUMENT_H_
