#include "src/source/resolution.h"

#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/catalog/channel_head.h"
#include "prepull/catalog/image_content.h"
#include "prepull/list/list_file.h"
#include "src/source/release.h"

namespace prepull {
namespace {

constexpr char kReferences[] = "release-manifests/image-references";
constexpr int64_t kLargestReferences = 4 << 20;

ImageRequest ImageOf(const std::string& image, const ImageRequest& source,
                     absl::string_view name) {
  return ImageNamed(image,
                    absl::StrCat(source.image, " ", Printable(name, 200)));
}

ImageRequest MissingPackage(const PackageRequest& package,
                            absl::string_view what,
                            const std::set<std::string>& there) {
  const std::string name = Printable(package.name, 200);
  return {.image = name,
          .origin = package.origin,
          .reference = absl::NotFoundError(
              absl::StrCat(package.origin, " ", name, ": ", what,
                           ThereIs({there.begin(), there.end()})))};
}

}  // namespace

bool Resolution::Source::IsWaiting() const {
  return tries == 0 || IsWorthAnotherTry(status, tries);
}

Resolution::Resolution(const SourceOptions& options, CatalogVersions versions,
                       RegistryClient& registry)
    : options_(options), versions_(std::move(versions)), registry_(registry) {}

absl::Status Resolution::Add(const SourceGroup& group) {
  ASSIGN_OR_RETURN(const ExcludePatterns excludes,
                   ExcludePatterns::Compile(group.excludes));
  for (const ImageRequest& release : group.releases) {
    AddSource(release, [this, release, excludes](Found& found) {
      return ReadRelease(release, excludes, found);
    });
  }
  Shelf& shelf = shelves_.emplace_back(
      Shelf{.packages = group.packages, .catalogs = group.catalogs.size()});
  for (const ImageRequest& catalog : group.catalogs) {
    AddSource(catalog, [this, catalog, &shelf](Found& found) {
      return ReadCatalog(catalog, shelf, found);
    });
  }
  for (const ImageRequest& image : group.images) {
    sources_.push_back({.request = image, .tries = 1, .found = {image}});
  }
  return absl::OkStatus();
}

void Resolution::Add(const TagRule& rule) {
  AddSource(ImageNamed(rule.repository().text(), "--select"),
            [this, rule](Found& found) { return ReadTags(rule, found); });
}

void Resolution::AddSource(const ImageRequest& request,
                           std::function<absl::Status(Found& found)> read) {
  sources_.push_back({.request = request, .read = std::move(read)});
}

absl::Status Resolution::Read() {
  for (int round = 1;; ++round) {
    for (Source& source : sources_) {
      if (source.IsWaiting()) RETURN_IF_ERROR(Try(source));
    }
    if (IsOver()) return absl::OkStatus();
    absl::Status paused = registry_.Pause(round);
    if (absl::IsCancelled(paused)) return paused;
    if (!paused.ok()) return absl::OkStatus();
  }
}

absl::Status Resolution::Try(Source& source) {
  const ImageRequest& request = source.request;
  const std::string image = Printable(request.image, 200);
  Log(LogLevel::kInfo, "resolving",
      {{"source", request.origin}, {"image", image}});
  Found found;
  absl::Status status =
      Annotate(source.read(found), absl::StrCat(request.origin, " ", image));
  if (absl::IsCancelled(status)) return status;
  if (status.ok()) {
    Log(LogLevel::kInfo, "resolved",
        {{"source", request.origin},
         {"image", image},
         {"images", absl::StrCat(found.size())}});
    source.found = std::move(found);
  }
  // A try that the deadline cut says less than the one before it.
  const bool was_cut = IsPassing(status) && !registry_.MayGoOn().ok();
  if (!was_cut || source.tries == 0) source.status = status;
  ++source.tries;
  if (status.ok()) return status;
  const bool waits = source.IsWaiting();
  Log(waits ? LogLevel::kWarn : LogLevel::kError,
      waits ? "source is away" : "source failed",
      {{"error", status.message()}});
  return absl::OkStatus();
}

bool Resolution::IsOver() const {
  bool some_wait = false;
  bool some_failed = false;
  for (const Source& source : sources_) {
    some_wait = some_wait || source.IsWaiting();
    some_failed = some_failed || (!source.status.ok() && !source.IsWaiting());
  }
  return !some_wait || (some_failed && !options_.keeps_failures);
}

SourceImages Resolution::Take() {
  SourceImages all;
  for (Source& source : sources_) {
    if (source.status.ok()) {
      absl::c_move(source.found, std::back_inserter(all.requests));
    } else {
      source.request.reference = std::move(source.status);
      all.failures.push_back(std::move(source.request));
    }
  }
  for (const Shelf& shelf : shelves_) NoteMissing(shelf, all.failures);
  return all;
}

absl::Status Resolution::ReadRelease(const ImageRequest& release,
                                     const ExcludePatterns& excludes,
                                     Found& found) {
  RETURN_IF_ERROR(release.reference.status());
  found.push_back(release);
  ASSIGN_OR_RETURN(ImageContent content,
                   ImageContent::Of(*release.reference, registry_));
  ASSIGN_OR_RETURN(const std::string text,
                   content.ReadFile(kReferences, kLargestReferences));
  const auto images = ParseReleaseImages(text);
  RETURN_IF_ERROR(Annotate(images.status(), kReferences));
  for (const ReleaseImage& image : *images) {
    if (excludes.Excludes(image.name, image.pull_spec)) continue;
    found.push_back(ImageOf(image.pull_spec, release, image.name));
  }
  return absl::OkStatus();
}

absl::Status Resolution::ReadCatalog(const ImageRequest& catalog, Shelf& shelf,
                                     Found& found) {
  RETURN_IF_ERROR(catalog.reference.status());
  found.push_back(catalog);
  ASSIGN_OR_RETURN(CatalogAnswer answer,
                   AskCatalog(*catalog.reference, shelf.packages, versions_,
                              options_.temporary_folders, registry_));
  for (const CatalogImage& image : answer.images) {
    found.push_back(ImageOf(image.image, catalog, image.bundle));
  }
  shelf.answers.push_back(std::move(answer));
  return absl::OkStatus();
}

absl::Status Resolution::ReadTags(const TagRule& rule, Found& found) {
  const Reference& repository = rule.repository();
  ASSIGN_OR_RETURN(const std::vector<std::string> tags,
                   registry_.ListTags(repository));
  ASSIGN_OR_RETURN(const std::vector<SelectedTag> selected, rule.Select(tags));
  for (const std::string& alias : rule.aliases()) {
    if (absl::c_linear_search(selected, SelectedTag{alias, true})) continue;
    Log(LogLevel::kWarn, "no such tag",
        {{"repository", repository.text()}, {"tag", alias}});
  }
  for (const SelectedTag& tag : selected) {
    ImageRequest request =
        ImageNamed(absl::StrCat(repository.text(), ":", tag.tag),
                   absl::StrCat("--select ", repository.text()));
    if (tag.is_alias) RETURN_IF_ERROR(DescribeAlias(request));
    found.push_back(std::move(request));
  }
  return absl::OkStatus();
}

// What an alias stands for changes, so having it is not enough. It is pulled
// by its name all the same: by a digest the node would not have the name.
absl::Status Resolution::DescribeAlias(ImageRequest& alias) {
  const absl::StatusOr<std::string> digest =
      registry_.ResolveDigest(*alias.reference);
  RETURN_IF_ERROR(Annotate(digest.status(), alias.image));
  absl::StrAppend(&alias.origin, ", now ", *digest);
  alias.options.policy = PullPolicy::kAlways;
  return absl::OkStatus();
}

void Resolution::NoteMissing(const Shelf& shelf, Found& failures) {
  // TALM's folder may name packages for no catalogue.
  if (shelf.catalogs == 0 || shelf.answers.size() < shelf.catalogs) return;
  std::set<std::string> packages;
  std::map<std::string, std::set<std::string>> channels;
  for (const CatalogAnswer& answer : shelf.answers) {
    packages.insert(answer.packages.begin(), answer.packages.end());
    for (const auto& [package, names] : answer.channels) {
      channels[package].insert(names.begin(), names.end());
    }
  }
  for (const PackageRequest& package : shelf.packages) {
    const auto there = channels.find(package.name);
    if (there == channels.end()) {
      failures.push_back(
          MissingPackage(package, "in no catalogue; ", packages));
      continue;
    }
    for (const std::string& channel : package.channels) {
      if (channel.empty() || there->second.contains(channel)) continue;
      const std::string what =
          absl::StrCat("no channel \"", Printable(channel, 128), "\"; ");
      failures.push_back(MissingPackage(package, what, there->second));
    }
  }
}

}  // namespace prepull
