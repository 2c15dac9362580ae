#include "prepull/catalog/catalog_versions.h"

#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr absl::string_view kAll = "all";
constexpr absl::string_view kDots = "..";

absl::StatusOr<bool> IsWithin(const SemverRange& range,
                              const ChannelEntry& entry) {
  const std::optional<Semver> version = ParseSemver(entry.version);
  if (version) return range.Includes(*version);
  return absl::InvalidArgumentError(
      absl::StrCat("bundle ", Printable(entry.name, 128), ": \"",
                   Printable(entry.version, 64), "\" is no version"));
}

}  // namespace

absl::StatusOr<CatalogVersions> CatalogVersions::Parse(absl::string_view text) {
  CatalogVersions versions;
  versions.text_ = Printable(text, 128);
  versions.only_head_ = text == "head";
  if (versions.only_head_ || text == kAll) return versions;
  const size_t dots = text.find(kDots);
  if (dots == absl::string_view::npos || text == kDots) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", versions.text_, "\" is none of head, all and MIN..MAX"));
  }
  absl::StatusOr<SemverRange> range = SemverRange::Between(
      text.substr(0, dots), text.substr(dots + kDots.size()));
  if (!range.ok()) {
    return Annotate(range.status(), absl::StrCat("\"", versions.text_, "\""));
  }
  versions.range_ = *std::move(range);
  return versions;
}

absl::StatusOr<std::vector<std::string>> CatalogVersions::Choose(
    const std::vector<ChannelEntry>& entries) const {
  if (only_head_) {
    ASSIGN_OR_RETURN(std::string head, ChannelHead(entries));
    return std::vector<std::string>{std::move(head)};
  }
  std::vector<std::string> chosen;
  std::vector<std::string> versions;
  absl::flat_hash_set<absl::string_view> seen;
  for (const ChannelEntry& entry : entries) {
    if (!seen.insert(entry.name).second) continue;
    versions.push_back(entry.version);
    if (text_ != kAll) {
      ASSIGN_OR_RETURN(const bool is_within, IsWithin(range_, entry));
      if (!is_within) continue;
    }
    chosen.push_back(entry.name);
  }
  if (!chosen.empty()) return chosen;
  if (entries.empty()) return absl::InvalidArgumentError("channel is empty");
  return absl::NotFoundError(absl::StrCat("channel has no version within ",
                                          text_, ": ", SomeOf(versions)));
}

}  // namespace prepull
