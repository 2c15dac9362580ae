#include "src/source/precache_spec.h"

#include <array>
#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "prepull/list/list_file.h"
#include "prepull/list/unique_images.h"
#include "src/source/image_source.h"
#include "src/source/source_set.h"

namespace prepull {
namespace {

constexpr absl::string_view kPlatformImage = "platform.image";
constexpr absl::string_view kIndexes = "operators.indexes";
constexpr absl::string_view kPackages = "operators.packagesAndChannels";
constexpr absl::string_view kExcludes = "excludePrecachePatterns";
constexpr absl::string_view kAdditionalImages = "additionalImages";
constexpr absl::string_view kSpaceRequired = "spaceRequired";
constexpr std::array<absl::string_view, 6> kSpecKeys = {
    kPlatformImage, kIndexes,          kPackages,
    kExcludes,      kAdditionalImages, kSpaceRequired};

// A ConfigMap holds 1 MiB; a folder filled by hand may hold more.
constexpr int64_t kMaxSpecFileBytes = 16 << 20;
constexpr int64_t kGiB = 1 << 30;
constexpr int64_t kMaxGiB = 1 << 30;

// TALM's scripts remove the quotes too.
std::vector<ImageRequest> Images(absl::string_view text,
                                 absl::string_view file) {
  return ParseListFile(absl::StrReplaceAll(text, {{"\"", ""}}), file);
}

// Returns the only one of `items`, if any. Errors: INVALID_ARGUMENT  there is
// more than one.
template <typename Item>
absl::StatusOr<std::optional<Item>> OnlyOne(std::vector<Item> items,
                                            absl::string_view what) {
  if (items.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(items[1].origin, ": second ", what, ": expected one"));
  }
  if (items.empty()) return std::nullopt;
  return std::move(items.front());
}

absl::StatusOr<std::vector<PackageRequest>> Packages(absl::string_view text,
                                                     absl::string_view file) {
  std::vector<PackageRequest> packages;
  for (const SourceLine& line : SourceLines(text, file)) {
    ASSIGN_OR_RETURN(PackageRequest package,
                     ParsePackage(line.text, line.origin));
    packages.push_back(std::move(package));
  }
  return UniquePackages(std::move(packages));
}

// TALM's operator writes whole GiB and accepts "35 GiB" from people.
absl::StatusOr<std::optional<int64_t>> Space(absl::string_view text,
                                             absl::string_view file) {
  ASSIGN_OR_RETURN(const std::optional<SourceLine> line,
                   OnlyOne(SourceLines(text, file), "size"));
  if (!line) return std::nullopt;
  int64_t gib = 0;
  if (absl::SimpleAtoi(line->text, &gib) && gib >= 0 && gib <= kMaxGiB) {
    return gib * kGiB;
  }
  absl::StatusOr<int64_t> bytes = ParseBytes(line->text);
  if (bytes.ok()) return *bytes;
  return absl::InvalidArgumentError(
      absl::StrCat(line->origin, ": invalid size \"", Printable(line->text, 64),
                   "\": expected a number of GiB"));
}

// Fills in the field of `key`; `file` is the name in origins.
absl::Status ReadKey(absl::string_view key, absl::string_view text,
                     absl::string_view file, PrecacheSpec& spec) {
  if (key == kPlatformImage) {
    ASSIGN_OR_RETURN(spec.platform_image,
                     OnlyOne(Images(text, file), "release image"));
  } else if (key == kIndexes) {
    spec.indexes = UniqueImages(Images(text, file));
  } else if (key == kPackages) {
    ASSIGN_OR_RETURN(spec.packages, Packages(text, file));
  } else if (key == kExcludes) {
    spec.exclude_patterns = SourceLines(text, file);
  } else if (key == kAdditionalImages) {
    spec.additional_images = Images(text, file);
  } else if (key == kSpaceRequired) {
    ASSIGN_OR_RETURN(spec.space_required_bytes, Space(text, file));
  }
  return absl::OkStatus();
}

// TALM refuses this too. It writes packages without a catalogue when only the
// platform is upgraded.
absl::Status CheckConsistency(const PrecacheSpec& spec) {
  if (spec.indexes.empty() || !spec.packages.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(spec.indexes.front().origin,
                   ": catalogue without a package in ", kPackages));
}

}  // namespace

absl::StatusOr<PrecacheSpec> ReadPrecacheSpec(FileSystem& files,
                                              const std::string& folder) {
  PrecacheSpec spec;
  bool is_empty = true;
  for (const absl::string_view key : kSpecKeys) {
    const std::string file = absl::StrCat(folder, "/", key);
    const absl::StatusOr<std::string> text =
        files.ReadFile(file, kMaxSpecFileBytes);
    if (absl::IsNotFound(text.status())) continue;
    RETURN_IF_ERROR(text.status());
    is_empty = false;
    RETURN_IF_ERROR(ReadKey(key, *text, file, spec));
  }
  if (is_empty) {
    return absl::NotFoundError(absl::StrCat(
        folder, ": none of ", absl::StrJoin(kSpecKeys, ", "), " found"));
  }
  RETURN_IF_ERROR(CheckConsistency(spec));
  return spec;
}

absl::Status AddPrecacheSpecs(const SourceOptions& options, FileSystem& files,
                              SourceSet& sources) {
  ASSIGN_OR_RETURN(const CatalogVersions versions, VersionsOf(options));
  ASSIGN_OR_RETURN(const std::vector<SourceLine> excludes,
                   ExcludesOf(options, files));
  for (const std::string& folder : options.precache_specs) {
    absl::StatusOr<PrecacheSpec> spec = ReadPrecacheSpec(files, folder);
    RETURN_IF_ERROR(Annotate(spec.status(), "--precache-spec"));
    if (spec->space_required_bytes.has_value()) {
      sources.RequireSpace(*spec->space_required_bytes);
    }
    absl::c_copy(excludes, std::back_inserter(spec->exclude_patterns));
    ASSIGN_OR_RETURN(ExcludePatterns patterns,
                     ExcludePatterns::Compile(spec->exclude_patterns));
    if (spec->platform_image.has_value()) {
      AddRelease(*std::move(spec->platform_image), std::move(patterns),
                 sources);
    }
    AddCatalogGroup(std::move(spec->indexes), std::move(spec->packages),
                    versions, options, sources);
    for (ImageRequest& image : spec->additional_images) {
      sources.Add(std::move(image));
    }
  }
  return absl::OkStatus();
}

}  // namespace prepull
