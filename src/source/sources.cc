#include "prepull/source/sources.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/source/exclude_patterns.h"
#include "prepull/source/list_file.h"
#include "prepull/source/package_words.h"
#include "prepull/source/precache_spec.h"
#include "prepull/source/release.h"
#include "prepull/source/source_line.h"
#include "prepull/source/tag_rule.h"
#include "src/source/catalog_image.h"
#include "src/source/catalog_versions.h"
#include "src/source/channel_head.h"
#include "src/source/image_content.h"

namespace prepull {
namespace {

constexpr char kReferences[] = "release-manifests/image-references";
constexpr int64_t kLargestReferences = 4 << 20;
constexpr int64_t kLargestSourceFile = 16 << 20;

// What belongs together: excludes concern these releases, packages are looked
// for in these catalogues.
struct Group {
  std::vector<ImageRequest> releases = {};
  std::vector<SourceLine> excludes = {};
  std::vector<ImageRequest> catalogs = {};
  std::vector<PackageRequest> packages = {};
  std::vector<ImageRequest> images = {};
};

absl::StatusOr<std::vector<ImageRequest>> ImagesNamed(
    const std::vector<std::string>& images, const std::string& flag) {
  std::vector<ImageRequest> requests;
  for (const std::string& image : images) {
    requests.push_back(ImageNamed(image, flag));
    RETURN_IF_ERROR(requests.back().reference.status());
  }
  return requests;
}

absl::StatusOr<std::vector<SourceLine>> LinesOf(
    const std::vector<std::string>& words, const std::string& flag,
    const std::vector<std::string>& files_named, FileSystem& files) {
  std::vector<SourceLine> lines;
  for (const std::string& word : words) {
    for (SourceLine& line : SourceLines(word, flag)) {
      lines.push_back({.text = std::move(line.text), .origin = flag});
    }
  }
  for (const std::string& path : files_named) {
    ASSIGN_OR_RETURN(const std::string text,
                     files.ReadFile(path, kLargestSourceFile));
    std::vector<SourceLine> more = SourceLines(text, path);
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  }
  return lines;
}

absl::StatusOr<Group> GroupOfFlags(const SourceOptions& options,
                                   FileSystem& files) {
  Group group;
  ASSIGN_OR_RETURN(group.releases, ImagesNamed(options.releases, "--release"));
  ASSIGN_OR_RETURN(group.catalogs, ImagesNamed(options.catalogs, "--catalog"));
  ASSIGN_OR_RETURN(group.excludes, LinesOf(options.excludes, "--exclude",
                                           options.exclude_files, files));
  for (const std::string& word : options.packages) {
    ASSIGN_OR_RETURN(PackageRequest package, ParsePackage(word, "--package"));
    group.packages.push_back(std::move(package));
  }
  group.packages = UniquePackages(std::move(group.packages));
  if (group.catalogs.empty() != group.packages.empty()) {
    return absl::InvalidArgumentError(group.packages.empty()
                                          ? "--catalog needs a --package"
                                          : "--package needs a --catalog");
  }
  if (group.releases.empty() && options.precache_specs.empty() &&
      !group.excludes.empty()) {
    return absl::InvalidArgumentError("--exclude needs a --release");
  }
  return group;
}

Group GroupOfSpec(PrecacheSpec spec) {
  Group group = {.excludes = std::move(spec.exclude_patterns),
                 .catalogs = std::move(spec.indexes),
                 .packages = std::move(spec.packages),
                 .images = std::move(spec.additional_images)};
  if (spec.platform_image.has_value()) {
    group.releases.push_back(*std::move(spec.platform_image));
  }
  return group;
}

absl::StatusOr<std::vector<TagRule>> RulesOf(const SourceOptions& options,
                                             FileSystem& files) {
  ASSIGN_OR_RETURN(
      const std::vector<SourceLine> lines,
      LinesOf(options.selects, "--select", options.select_files, files));
  std::vector<TagRule> rules;
  for (const SourceLine& line : lines) {
    if (line.text.front() == '#') continue;
    absl::StatusOr<TagRule> rule = TagRule::Parse(line.text);
    RETURN_IF_ERROR(Annotate(rule.status(), line.origin));
    rules.push_back(*std::move(rule));
  }
  return rules;
}

// Resolves one source after another and keeps what fails apart.
class Resolution {
 public:
  Resolution(const SourceOptions& options, CatalogVersions versions,
             RegistryClient& registry)
      : options_(options),
        versions_(std::move(versions)),
        registry_(registry) {}

  absl::Status Add(const Group& group) {
    ASSIGN_OR_RETURN(const ExcludePatterns excludes,
                     ExcludePatterns::Compile(group.excludes));
    for (const ImageRequest& release : group.releases) {
      RETURN_IF_ERROR(
          Try(release, [&] { return AddRelease(release, excludes); }));
    }
    RETURN_IF_ERROR(AddCatalogs(group));
    std::copy(group.images.begin(), group.images.end(),
              std::back_inserter(found_.requests));
    return absl::OkStatus();
  }

  absl::Status Add(const TagRule& rule) {
    const ImageRequest source =
        ImageNamed(rule.repository().text(), "--select");
    return Try(source, [&] { return AddTags(rule); });
  }

  SourceImages Take() { return std::move(found_); }

 private:
  // Adds `source` by `add`; if that fails, notes it in place of all that it
  // stands for. Errors: those that end all.
  absl::Status Try(const ImageRequest& source,
                   absl::FunctionRef<absl::Status()> add) {
    Log(LogLevel::kInfo, "resolving",
        {{"source", source.origin}, {"image", Printable(source.image, 200)}});
    const size_t before = found_.requests.size();
    absl::Status status = add();
    if (status.ok()) {
      Log(LogLevel::kInfo, "resolved",
          {{"source", source.origin},
           {"image", Printable(source.image, 200)},
           {"images", absl::StrCat(found_.requests.size() - before)}});
    }
    if (status.ok()) return status;
    absl::Status what = Annotate(
        status, absl::StrCat(source.origin, " ", Printable(source.image, 200)));
    if (absl::IsCancelled(status)) return what;
    Log(LogLevel::kError, "source failed", {{"error", what.message()}});
    found_.requests.erase(
        found_.requests.begin() + static_cast<std::ptrdiff_t>(before),
        found_.requests.end());
    ImageRequest failure = source;
    failure.reference = what;
    found_.failures.push_back(std::move(failure));
    return absl::OkStatus();
  }

  void Request(const std::string& image, const ImageRequest& source,
               absl::string_view name) {
    found_.requests.push_back(ImageNamed(
        image, absl::StrCat(source.image, " ", Printable(name, 200))));
  }

  absl::Status AddRelease(const ImageRequest& release,
                          const ExcludePatterns& excludes) {
    RETURN_IF_ERROR(release.reference.status());
    found_.requests.push_back(release);
    ASSIGN_OR_RETURN(ImageContent content,
                     ImageContent::Of(*release.reference, registry_));
    ASSIGN_OR_RETURN(const std::string text,
                     content.ReadFile(kReferences, kLargestReferences));
    const auto images = ParseReleaseImages(text);
    RETURN_IF_ERROR(Annotate(images.status(), kReferences));
    for (const ReleaseImage& image : *images) {
      if (excludes.Excludes(image.name, image.pull_spec)) continue;
      Request(image.pull_spec, release, image.name);
    }
    return absl::OkStatus();
  }

  absl::Status AddCatalogs(const Group& group) {
    CatalogAnswer there;
    bool is_complete = true;
    for (const ImageRequest& catalog : group.catalogs) {
      const size_t failed_before = found_.failures.size();
      RETURN_IF_ERROR(Try(
          catalog, [&] { return AddCatalog(catalog, group.packages, there); }));
      is_complete = is_complete && found_.failures.size() == failed_before;
    }
    // TALM's folder may name packages for no catalogue.
    if (!is_complete || group.catalogs.empty()) return absl::OkStatus();
    for (const PackageRequest& package : group.packages) {
      NoteMissing(package, there);
    }
    return absl::OkStatus();
  }

  // That `package` or a channel of it is in none of the catalogues, in which
  // `there` is.
  void NoteMissing(const PackageRequest& package, const CatalogAnswer& there) {
    const auto note = [&](absl::string_view what,
                          const std::vector<std::string>& names) {
      const std::string name = Printable(package.name, 200);
      found_.failures.push_back(
          {.image = name,
           .origin = package.origin,
           .reference = absl::NotFoundError(absl::StrCat(
               package.origin, " ", name, ": ", what, ThereIs(names)))});
    };
    const auto channels = there.channels.find(package.name);
    if (channels == there.channels.end()) {
      note("in no catalogue; ", {there.packages.begin(), there.packages.end()});
      return;
    }
    for (const std::string& channel : package.channels) {
      if (channel.empty() || channels->second.contains(channel)) continue;
      note(absl::StrCat("no channel \"", Printable(channel, 128), "\"; "),
           {channels->second.begin(), channels->second.end()});
    }
  }

  absl::Status AddCatalog(const ImageRequest& catalog,
                          const std::vector<PackageRequest>& packages,
                          CatalogAnswer& there) {
    RETURN_IF_ERROR(catalog.reference.status());
    found_.requests.push_back(catalog);
    ASSIGN_OR_RETURN(CatalogAnswer answer,
                     AskCatalog(*catalog.reference, packages, versions_,
                                options_.temporary_folders, registry_));
    for (const CatalogImage& image : answer.images) {
      Request(image.image, catalog, image.bundle);
    }
    there.packages.merge(answer.packages);
    for (auto& [package, channels] : answer.channels) {
      there.channels[package].merge(channels);
    }
    return absl::OkStatus();
  }

  absl::Status AddTags(const TagRule& rule) {
    const Reference& repository = rule.repository();
    ASSIGN_OR_RETURN(const std::vector<std::string> tags,
                     registry_.ListTags(repository));
    ASSIGN_OR_RETURN(const std::vector<SelectedTag> selected,
                     rule.Select(tags));
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
      found_.requests.push_back(std::move(request));
    }
    return absl::OkStatus();
  }

  // What an alias stands for changes, so having it is not enough. It is pulled
  // by its name all the same: by a digest the node would not have the name.
  absl::Status DescribeAlias(ImageRequest& alias) {
    const absl::StatusOr<std::string> digest =
        registry_.ResolveDigest(*alias.reference);
    RETURN_IF_ERROR(Annotate(digest.status(), alias.image));
    absl::StrAppend(&alias.origin, ", now ", *digest);
    alias.options.policy = PullPolicy::kAlways;
    return absl::OkStatus();
  }

  const SourceOptions& options_;
  const CatalogVersions versions_;
  RegistryClient& registry_;
  SourceImages found_ = {};
};

}  // namespace

bool HasSources(const SourceOptions& options) {
  return !options.releases.empty() || !options.catalogs.empty() ||
         !options.packages.empty() || !options.excludes.empty() ||
         !options.exclude_files.empty() || !options.precache_specs.empty() ||
         !options.selects.empty() || !options.select_files.empty();
}

absl::StatusOr<SourceImages> ResolveSources(const SourceOptions& options,
                                            FileSystem& files,
                                            RegistryClient& registry) {
  absl::StatusOr<CatalogVersions> versions =
      CatalogVersions::Parse(options.catalog_versions);
  RETURN_IF_ERROR(Annotate(versions.status(), "--catalog-versions"));
  ASSIGN_OR_RETURN(const Group flags, GroupOfFlags(options, files));
  ASSIGN_OR_RETURN(const std::vector<TagRule> rules, RulesOf(options, files));
  std::vector<Group> groups = {flags};
  std::optional<int64_t> space;
  for (const std::string& folder : options.precache_specs) {
    absl::StatusOr<PrecacheSpec> spec = ReadPrecacheSpec(files, folder);
    RETURN_IF_ERROR(Annotate(spec.status(), "--precache-spec"));
    if (spec->space_required_bytes.has_value()) {
      space = std::max(space.value_or(0), *spec->space_required_bytes);
    }
    groups.push_back(GroupOfSpec(*std::move(spec)));
    absl::c_copy(flags.excludes, std::back_inserter(groups.back().excludes));
  }
  Resolution resolution(options, *std::move(versions), registry);
  for (const Group& group : groups) RETURN_IF_ERROR(resolution.Add(group));
  for (const TagRule& rule : rules) RETURN_IF_ERROR(resolution.Add(rule));
  SourceImages found = resolution.Take();
  found.space_required_bytes = space;
  return found;
}

}  // namespace prepull
