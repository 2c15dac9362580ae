#include "prepull/catalog/channel.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxNames = 50;
constexpr size_t kMaxNameBytes = 1200;  // no further name from there on
constexpr absl::string_view kAll = "all";
constexpr absl::string_view kDots = "..";

// Returns the names of all entries, each once.
std::vector<std::string> NamesOf(const std::vector<ChannelEntry>& entries) {
  std::vector<std::string> names;
  absl::flat_hash_set<absl::string_view> seen;
  for (const ChannelEntry& entry : entries) {
    if (seen.insert(entry.name).second) names.push_back(entry.name);
  }
  return names;
}

absl::StatusOr<bool> IsWithin(const SemverRange& range,
                              const ChannelEntry& entry) {
  const std::optional<Semver> version = ParseSemver(entry.version);
  if (version) return range.Includes(*version);
  return absl::InvalidArgumentError(absl::StrCat(
      "bundle ", Printable(entry.name, 128), ": invalid version \"",
      Printable(entry.version, 64), "\": expected e.g. 1.2.3"));
}

}  // namespace

std::string SomeOf(const std::vector<std::string>& names) {
  std::string some;
  size_t i = 0;
  for (; i < std::min(names.size(), kMaxNames) && some.size() < kMaxNameBytes;
       ++i) {
    absl::StrAppend(&some, i == 0 ? "" : ", ", Printable(names[i], 128));
  }
  if (i < names.size()) {
    absl::StrAppend(&some, " and ", names.size() - i, " more");
  }
  return some;
}

std::string Existing(const std::vector<std::string>& names) {
  return absl::StrCat("existing: ", names.empty() ? "none" : SomeOf(names));
}

absl::StatusOr<std::string> ChannelHead(
    const std::vector<ChannelEntry>& entries) {
  absl::flat_hash_set<absl::string_view> superseded;
  for (const ChannelEntry& entry : entries) {
    superseded.insert(entry.replaces);
    superseded.insert(entry.skips.begin(), entry.skips.end());
  }
  const std::vector<std::string> names = NamesOf(entries);
  std::vector<std::string> heads;
  std::copy_if(
      names.begin(), names.end(), std::back_inserter(heads),
      [&](const std::string& name) { return !superseded.contains(name); });
  if (heads.size() == 1) return heads.front();
  if (names.empty()) return absl::InvalidArgumentError("channel is empty");
  return absl::InvalidArgumentError(
      heads.empty()
          ? absl::StrCat("channel has no head: each entry is replaced "
                         "or skipped: ",
                         SomeOf(names))
          : absl::StrCat("channel has ", heads.size(),
                         " heads: expected one: ", SomeOf(heads)));
}

absl::StatusOr<CatalogVersions> CatalogVersions::Parse(absl::string_view text) {
  CatalogVersions versions;
  versions.text_ = Printable(text, 128);
  versions.only_head_ = text == "head";
  if (versions.only_head_ || text == kAll) return versions;
  const size_t dots = text.find(kDots);
  if (dots == absl::string_view::npos || text == kDots) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid value \"", versions.text_,
                     "\": expected head, all or MIN..MAX"));
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
