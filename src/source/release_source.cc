#include "src/source/release_source.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/catalog/image_content.h"
#include "src/source/image_source.h"
#include "src/source/source_set.h"

namespace prepull {
namespace {

constexpr char kReferences[] = "release-manifests/image-references";
constexpr int64_t kMaxReferenceBytes = 4 << 20;

class ReleaseSource : public ImageSource {
 public:
  ReleaseSource(ImageRequest release, ExcludePatterns excludes)
      : ImageSource(std::move(release)), excludes_(std::move(excludes)) {}

  absl::StatusOr<std::vector<ImageRequest>> Read(
      RegistryClient& registry) override {
    RETURN_IF_ERROR(name().reference.status());
    std::vector<ImageRequest> images = {name()};
    ASSIGN_OR_RETURN(ImageContent content,
                     ImageContent::Of(*name().reference, registry));
    ASSIGN_OR_RETURN(const std::string text,
                     content.ReadFile(kReferences, kMaxReferenceBytes));
    const auto listed = ParseReleaseImages(text);
    RETURN_IF_ERROR(Annotate(listed.status(), kReferences));
    for (const ReleaseImage& image : *listed) {
      if (excludes_.Excludes(image.name, image.pull_spec)) continue;
      images.push_back(ImageOf(image.pull_spec, name(), image.name));
    }
    return images;
  }

 private:
  const ExcludePatterns excludes_;
};

}  // namespace

absl::StatusOr<std::vector<ReleaseImage>> ParseReleaseImages(
    absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(text));
  const JsonValue tags = document["spec"]["tags"];
  if (!tags.is_array()) {
    return absl::InvalidArgumentError("spec.tags: expected an array");
  }
  std::vector<ReleaseImage> images;
  for (const JsonValue tag : tags.elements()) {
    ReleaseImage image = {.name = tag["name"].StringOrEmpty(),
                          .pull_spec = tag["from"]["name"].StringOrEmpty()};
    if (image.pull_spec.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tag ", images.size() + 1, " (",
                       Printable(image.name, 128), "): from.name is missing"));
    }
    images.push_back(std::move(image));
  }
  return images;
}

void AddRelease(ImageRequest release, ExcludePatterns excludes,
                SourceSet& sources) {
  sources.Add(
      std::make_unique<ReleaseSource>(std::move(release), std::move(excludes)));
}

absl::Status AddReleases(const SourceOptions& options, FileSystem& files,
                         SourceSet& sources) {
  ASSIGN_OR_RETURN(const std::vector<ImageRequest> releases,
                   ImagesNamed(options.releases, "--release"));
  ASSIGN_OR_RETURN(const std::vector<SourceLine> lines,
                   ExcludesOf(options, files));
  ASSIGN_OR_RETURN(const ExcludePatterns excludes,
                   ExcludePatterns::Compile(lines));
  if (releases.empty() && options.precache_specs.empty() && !lines.empty()) {
    return absl::InvalidArgumentError("--exclude needs a --release");
  }
  for (const ImageRequest& release : releases) {
    AddRelease(release, excludes, sources);
  }
  return absl::OkStatus();
}

}  // namespace prepull
