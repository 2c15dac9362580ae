#include "src/source/precache_spec.h"

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "prepull/list/image_list.h"
#include "prepull/list/list_file.h"

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
constexpr int64_t kLargestSpecFile = 16 << 20;
constexpr int64_t kGiB = 1 << 30;
constexpr int64_t kMostGiB = 1 << 30;

// TALM's scripts take the quotes off too.
std::vector<ImageRequest> Images(absl::string_view text,
                                 absl::string_view file) {
  return ParseListFile(absl::StrReplaceAll(text, {{"\"", ""}}), file);
}

// The only one of `items`, if there is one. Errors: INVALID_ARGUMENT  there is
// a second one.
template <typename Item>
absl::StatusOr<std::optional<Item>> OnlyOne(std::vector<Item> items,
                                            absl::string_view what) {
  if (items.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(items[1].origin, ": is a second ", what));
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

// TALM's operator writes whole GiB and takes "35 GiB" from people.
absl::StatusOr<std::optional<int64_t>> Space(absl::string_view text,
                                             absl::string_view file) {
  ASSIGN_OR_RETURN(const std::optional<SourceLine> line,
                   OnlyOne(SourceLines(text, file), "size"));
  if (!line) return std::nullopt;
  int64_t gib = 0;
  if (absl::SimpleAtoi(line->text, &gib) && gib >= 0 && gib <= kMostGiB) {
    return gib * kGiB;
  }
  absl::StatusOr<int64_t> bytes = ParseBytes(line->text);
  if (bytes.ok()) return *bytes;
  return absl::InvalidArgumentError(absl::StrCat(line->origin, ": \"",
                                                 Printable(line->text, 64),
                                                 "\" is no number of GiB"));
}

// `file` is its name.
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

// TALM refuses this too. Packages without a catalogue are what it writes when
// only the platform is upgraded.
absl::Status CheckConsistency(const PrecacheSpec& spec) {
  if (spec.indexes.empty() || !spec.packages.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(spec.indexes.front().origin,
                   ": a catalogue is named, but no package in ", kPackages));
}

}  // namespace

absl::StatusOr<PrecacheSpec> ReadPrecacheSpec(FileSystem& files,
                                              const std::string& folder) {
  PrecacheSpec spec;
  bool is_empty = true;
  for (const absl::string_view key : kSpecKeys) {
    const std::string file = absl::StrCat(folder, "/", key);
    const absl::StatusOr<std::string> text =
        files.ReadFile(file, kLargestSpecFile);
    if (absl::IsNotFound(text.status())) continue;
    RETURN_IF_ERROR(text.status());
    is_empty = false;
    RETURN_IF_ERROR(ReadKey(key, *text, file, spec));
  }
  if (is_empty) {
    return absl::NotFoundError(absl::StrCat(folder, ": holds none of ",
                                            absl::StrJoin(kSpecKeys, ", ")));
  }
  RETURN_IF_ERROR(CheckConsistency(spec));
  return spec;
}

}  // namespace prepull
