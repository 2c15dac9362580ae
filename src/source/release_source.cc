#include "src/source/release_source.h"

#include <boost/json.hpp>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/catalog/image_content.h"
#include "src/source/image_source.h"
#include "src/source/source_set.h"

namespace prepull {
namespace {

namespace json = boost::json;

constexpr char kReferences[] = "release-manifests/image-references";
constexpr int64_t kMaxReferenceBytes = 4 << 20;

// Returns the text at `pointer`, or "" if there is none.
std::string TextAt(const json::value& value, json::string_view pointer) {
  json::error_code error;
  const json::value* found = value.find_pointer(pointer, error);
  return found != nullptr && found->is_string()
             ? std::string(found->as_string())
             : "";
}

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
  json::error_code error;
  const json::value document =
      json::parse(json::string_view(text.data(), text.size()), error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid JSON: ", error.message()));
  }
  const json::value* tags = document.find_pointer("/spec/tags", error);
  if (tags == nullptr || !tags->is_array()) {
    return absl::InvalidArgumentError(
        "spec.tags is missing: expected an ImageStream");
  }
  std::vector<ReleaseImage> images;
  for (const json::value& tag : tags->as_array()) {
    ReleaseImage image = {.name = TextAt(tag, "/name"),
                          .pull_spec = TextAt(tag, "/from/name")};
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
