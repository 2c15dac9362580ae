#include "src/catalog/catalog.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// They are needed for one error message only.
constexpr size_t kMaxPackages = 100'000;

absl::Status Twice(absl::string_view kind, absl::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat(kind, " \"", Printable(name, 128), "\": defined twice"));
}

template <typename Map>
std::vector<std::string> KeysOf(const Map& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

absl::Status Missing(absl::string_view what, const std::string& name,
                     const std::vector<std::string>& existing) {
  return absl::NotFoundError(absl::StrCat(
      what, " \"", Printable(name, 128), "\" not found; ", Existing(existing)));
}

// Real catalogues have such images; they cannot be pulled.
void WarnOfNameless(const std::string& bundle) {
  Log(LogLevel::kWarn, "an image without a name",
      {{"bundle", Printable(bundle, 128)}});
}

}  // namespace

Catalog::Catalog(const std::vector<PackageRequest>& wanted) : wanted_(wanted) {
  for (const PackageRequest& package : wanted_) packages_[package.name];
}

bool Catalog::Wants(absl::string_view package) const {
  return packages_.find(package) != packages_.end();
}

bool Catalog::Has(absl::string_view package) const {
  const auto found = packages_.find(package);
  return found != packages_.end() && found->second.is_added;
}

std::map<std::string, std::set<std::string>> Catalog::Channels() const {
  std::map<std::string, std::set<std::string>> channels;
  for (const auto& [name, package] : packages_) {
    if (!package.is_added) continue;
    const std::vector<std::string> keys = KeysOf(package.channels);
    channels[name].insert(keys.begin(), keys.end());
  }
  return channels;
}

absl::Status Catalog::Add(CatalogDocument document) {
  if (document.schema == "olm.package") {
    if (names_.size() < kMaxPackages) names_.insert(document.name);
    const auto wanted = packages_.find(document.name);
    if (wanted == packages_.end()) return absl::OkStatus();
    if (std::exchange(wanted->second.is_added, true)) {
      return Twice("package", document.name);
    }
    wanted->second.default_channel = std::move(document.default_channel);
    return absl::OkStatus();
  }
  if (!Wants(document.package)) return absl::OkStatus();
  if (document.schema == "olm.channel") return AddChannel(std::move(document));
  if (document.schema == "olm.bundle") return AddBundle(std::move(document));
  return absl::OkStatus();
}

absl::Status Catalog::AddChannel(CatalogDocument document) {
  const bool is_new =
      packages_[document.package]
          .channels.emplace(document.name, std::move(document.entries))
          .second;
  return is_new ? absl::OkStatus() : Twice("channel", document.name);
}

absl::Status Catalog::AddBundle(CatalogDocument document) {
  Bundle bundle = {.version = std::move(document.version)};
  bundle.images = std::move(document.related_images);
  bundle.images.insert(bundle.images.begin(), std::move(document.image));
  const bool is_new = packages_[document.package]
                          .bundles.emplace(document.name, std::move(bundle))
                          .second;
  return is_new ? absl::OkStatus() : Twice("bundle", document.name);
}

absl::StatusOr<std::vector<ChannelEntry>> Catalog::Entries(
    const Package& package, const std::string& channel) const {
  const auto found = package.channels.find(channel);
  if (found == package.channels.end()) {
    return Missing("channel", channel, KeysOf(package.channels));
  }
  std::vector<ChannelEntry> entries = found->second;
  for (ChannelEntry& entry : entries) {
    const auto bundle = package.bundles.find(entry.name);
    if (bundle != package.bundles.end()) entry.version = bundle->second.version;
  }
  return entries;
}

absl::StatusOr<std::vector<std::string>> Catalog::BundlesOf(
    const Package& package, const std::string& channel,
    const CatalogVersions& versions) const {
  ASSIGN_OR_RETURN(const std::vector<ChannelEntry> entries,
                   Entries(package, channel));
  absl::StatusOr<std::vector<std::string>> names = versions.Choose(entries);
  RETURN_IF_ERROR(Annotate(names.status(), Printable(channel, 128)));
  for (const std::string& name : *names) {
    if (!package.bundles.contains(name)) {
      return Missing("bundle", name, KeysOf(package.bundles));
    }
  }
  return names;
}

absl::StatusOr<std::vector<CatalogImage>> Catalog::Choose(
    const CatalogVersions& versions) const {
  std::vector<CatalogImage> chosen;
  absl::flat_hash_set<absl::string_view> seen;
  const auto add = [&](const Package& package, const std::string& bundle) {
    const std::vector<std::string>& images = package.bundles.at(bundle).images;
    if (absl::c_linear_search(images, "")) WarnOfNameless(bundle);
    for (const std::string& image : images) {
      if (image.empty() || !seen.insert(image).second) continue;
      chosen.push_back({.image = image, .bundle = bundle});
    }
  };
  for (const PackageRequest& request : wanted_) {
    if (!Has(request.name)) continue;
    const Package& package = packages_.find(request.name)->second;
    for (const std::string& word : request.channels) {
      if (!word.empty() && !package.channels.contains(word)) continue;
      const std::string& channel =
          word.empty() ? package.default_channel : word;
      const auto names = BundlesOf(package, channel, versions);
      RETURN_IF_ERROR(
          Annotate(names.status(),
                   absl::StrCat("package ", Printable(request.name, 128))));
      for (const std::string& name : *names) add(package, name);
    }
  }
  return chosen;
}

}  // namespace prepull
