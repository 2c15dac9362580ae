#include "src/pin/pin_records.h"

namespace prepull {

std::vector<std::string> RecordsToPin(const Reference& reference,
                                      const StoredImage& stored) {
  std::vector<std::string> names = {stored.id};
  for (const std::string& tag : stored.repo_tags) {
    const absl::StatusOr<Reference> name = Reference::Parse(tag);
    if (name.ok() && name->Normalised() == reference.Normalised()) {
      names.push_back(tag);
    }
  }
  for (const std::string& digest : stored.repo_digests) {
    const absl::StatusOr<Reference> name = Reference::Parse(digest);
    if (name.ok() && name->repository() == reference.repository()) {
      names.push_back(digest);
    }
  }
  return names;
}

}  // namespace prepull
