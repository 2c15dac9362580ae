#include "prepull/catalog/package_request.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxNameLength = 253;  // as a Kubernetes name

absl::Status CheckName(absl::string_view name, absl::string_view what) {
  if (name.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": empty"));
  }
  if (name.size() > kMaxNameLength) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": longer than ", kMaxNameLength, " bytes"));
  }
  if (!std::all_of(name.begin(), name.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        absl::StrCat(what,
                     ": invalid character: expected printable ASCII "
                     "without blanks"));
  }
  return absl::OkStatus();
}

void AddChannel(std::vector<std::string>& channels, absl::string_view channel) {
  if (std::find(channels.begin(), channels.end(), channel) == channels.end()) {
    channels.emplace_back(channel);
  }
}

absl::StatusOr<PackageRequest> Parse(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() > 2) {
    return absl::InvalidArgumentError(
        "second ':': expected NAME[:CHANNEL,...]");
  }
  PackageRequest package = {
      .name = std::string(absl::StripAsciiWhitespace(parts[0]))};
  RETURN_IF_ERROR(CheckName(package.name, "package"));
  const absl::string_view channels =
      parts.size() == 2 ? absl::StripAsciiWhitespace(parts[1]) : "";
  if (channels.empty()) {
    package.channels = {""};
    return package;
  }
  for (absl::string_view channel : absl::StrSplit(channels, ',')) {
    channel = absl::StripAsciiWhitespace(channel);
    RETURN_IF_ERROR(CheckName(channel, "channel"));
    AddChannel(package.channels, channel);
  }
  return package;
}

}  // namespace

absl::StatusOr<PackageRequest> ParsePackage(absl::string_view text,
                                            absl::string_view origin) {
  absl::StatusOr<PackageRequest> package = Parse(text);
  if (!package.ok()) {
    return Annotate(package.status(),
                    absl::StrCat(origin, ": \"", Printable(text, 128), "\""));
  }
  package->origin = std::string(origin);
  return package;
}

std::vector<PackageRequest> UniquePackages(
    std::vector<PackageRequest> packages) {
  std::vector<PackageRequest> unique;
  absl::flat_hash_map<std::string, size_t> seen;
  for (PackageRequest& package : packages) {
    const auto [first, is_new] = seen.emplace(package.name, unique.size());
    if (is_new) {
      unique.push_back(std::move(package));
      continue;
    }
    for (const std::string& channel : package.channels) {
      AddChannel(unique[first->second].channels, channel);
    }
  }
  return unique;
}

}  // namespace prepull
