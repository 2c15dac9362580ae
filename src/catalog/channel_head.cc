#include "prepull/catalog/channel_head.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMostNamed = 50;
constexpr size_t kMostChannelBytes = 1200;  // from there on no other name

// The names of all entries; each once.
std::vector<std::string> NamesOf(const std::vector<ChannelEntry>& entries) {
  std::vector<std::string> names;
  absl::flat_hash_set<absl::string_view> seen;
  for (const ChannelEntry& entry : entries) {
    if (seen.insert(entry.name).second) names.push_back(entry.name);
  }
  return names;
}

}  // namespace

std::string SomeOf(const std::vector<std::string>& names) {
  std::string some;
  size_t i = 0;
  for (; i < std::min(names.size(), kMostNamed) &&
         some.size() < kMostChannelBytes;
       ++i) {
    absl::StrAppend(&some, i == 0 ? "" : ", ", Printable(names[i], 128));
  }
  if (i < names.size()) {
    absl::StrAppend(&some, " and ", names.size() - i, " more");
  }
  return some;
}

std::string ThereIs(const std::vector<std::string>& names) {
  return absl::StrCat("there is ", names.empty() ? "none" : SomeOf(names));
}

absl::StatusOr<std::string> ChannelHead(
    const std::vector<ChannelEntry>& entries) {
  absl::flat_hash_set<absl::string_view> left_behind;
  for (const ChannelEntry& entry : entries) {
    left_behind.insert(entry.replaces);
    left_behind.insert(entry.skips.begin(), entry.skips.end());
  }
  const std::vector<std::string> names = NamesOf(entries);
  std::vector<std::string> heads;
  std::copy_if(
      names.begin(), names.end(), std::back_inserter(heads),
      [&](const std::string& name) { return !left_behind.contains(name); });
  if (heads.size() == 1) return heads.front();
  if (names.empty()) return absl::InvalidArgumentError("channel is empty");
  return absl::InvalidArgumentError(
      heads.empty() ? absl::StrCat("channel has no head: something replaces or "
                                   "skips each of ",
                                   SomeOf(names))
                    : absl::StrCat("channel has ", heads.size(),
                                   " heads: ", SomeOf(heads)));
}

}  // namespace prepull
