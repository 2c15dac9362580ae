#include "src/pull/pin_records.h"

#include <cstdio>
#include <tuple>

#include "absl/strings/strip.h"

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

bool IsForeignPin(const Labels& labels) {
  const auto pin = labels.find(kPinnedLabel);
  return pin != labels.end() && pin->second == kPinnedValue &&
         !labels.contains(kOurPinLabel);
}

bool HeedsPins(absl::string_view runtime, absl::string_view version) {
  if (runtime != "containerd") return false;
  // "1.6.20~ds1" on Debian, "v2.1.9" upstream.
  const std::string text(absl::StripPrefix(version, "v"));
  int major = 0;
  int minor = 0;
  int patch = 0;
  if (std::sscanf(text.c_str(), "%d.%d.%d", &major, &minor, &patch) < 2) {
    return true;
  }
  if (std::tie(major, minor) == std::make_tuple(1, 6)) return patch >= 24;
  return std::tie(major, minor, patch) >= std::make_tuple(1, 7, 3);
}

}  // namespace prepull
