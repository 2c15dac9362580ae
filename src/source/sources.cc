#include "prepull/source/sources.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "prepull/base/status_macros.h"
#include "prepull/catalog/catalog_versions.h"
#include "prepull/catalog/package_words.h"
#include "prepull/list/list_file.h"
#include "prepull/tags/tag_rule.h"
#include "src/source/precache_spec.h"
#include "src/source/resolution.h"
#include "src/source/source_line.h"

namespace prepull {
namespace {

constexpr int64_t kLargestSourceFile = 16 << 20;

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

absl::StatusOr<SourceGroup> GroupOfFlags(const SourceOptions& options,
                                         FileSystem& files) {
  SourceGroup group;
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

SourceGroup GroupOfSpec(PrecacheSpec spec) {
  SourceGroup group = {.excludes = std::move(spec.exclude_patterns),
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
  ASSIGN_OR_RETURN(const SourceGroup flags, GroupOfFlags(options, files));
  ASSIGN_OR_RETURN(const std::vector<TagRule> rules, RulesOf(options, files));
  std::vector<SourceGroup> groups = {flags};
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
  for (const SourceGroup& group : groups)
    RETURN_IF_ERROR(resolution.Add(group));
  for (const TagRule& rule : rules) resolution.Add(rule);
  RETURN_IF_ERROR(resolution.Read());
  SourceImages found = resolution.Take();
  found.space_required_bytes = space;
  return found;
}

}  // namespace prepull
