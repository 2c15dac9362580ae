// What a job says of images: the list, and what is different on some nodes.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "prepull/base/label.h"
#include "prepull/base/status_macros.h"
#include "prepull/deploy/names.h"
#include "prepull/image/reference.h"
#include "src/convert/job_reader.h"

namespace prepull {
namespace {

// "disk=ssd" or "disk", whatever its value.
absl::StatusOr<LabelSelector> SelectorOf(const YamlField& label) {
  ASSIGN_OR_RETURN(const std::string text, label.Text());
  const std::pair<std::string, std::string> pair =
      absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (!CheckLabelKey(pair.first).ok() || !CheckLabelValue(pair.second).ok()) {
    return label.Invalid("expected a label, KEY or KEY=VALUE");
  }
  LabelSelector nodes;
  if (absl::StrContains(text, '=')) {
    nodes.labels.push_back({pair.first, pair.second});
  } else {
    nodes.expressions.push_back({pair.first, "Exists"});
  }
  return nodes;
}

}  // namespace

absl::Status KubeEdgeJobReader::ReadImages(const YamlField& images) {
  // The sample of the proposal has one image and no list.
  if (images.is_map()) return ReadImage(images);
  ASSIGN_OR_RETURN(const std::vector<YamlField> items, images.Items());
  if (items.empty()) return images.Invalid("names no image");
  for (const YamlField& item : items) RETURN_IF_ERROR(ReadImage(item));
  return absl::OkStatus();
}

absl::Status KubeEdgeJobReader::ReadImage(const YamlField& image) {
  std::string name;
  std::string secret;
  if (image.is_map()) {
    ASSIGN_OR_RETURN(name, JoinParts(image));
    if (image["imageSecret"].is_set()) {
      ASSIGN_OR_RETURN(secret, SecretName(image["imageSecret"]));
    }
    RETURN_IF_ERROR(WarnOfOthers(
        image, {"name", "registry", "respo", "repo", "tag", "imageSecret"}));
  } else {
    ASSIGN_OR_RETURN(name, image.Text());
  }
  const absl::Status reference = Reference::Parse(name).status();
  if (!reference.ok()) {
    return image.Invalid(absl::StrCat("\"", name, "\": ", reference.message()));
  }
  result_.prepull.images.push_back(
      secret.empty() ? name : absl::StrCat(name, " secret=", secret));
  return absl::OkStatus();
}

absl::StatusOr<std::string> KubeEdgeJobReader::JoinParts(
    const YamlField& image) {
  ASSIGN_OR_RETURN(const std::string name, image["name"].Text());
  ASSIGN_OR_RETURN(const std::string registry, image["registry"].Text());
  ASSIGN_OR_RETURN(std::string repository, image["respo"].Text());
  if (repository.empty()) {
    ASSIGN_OR_RETURN(repository, image["repo"].Text());
  }
  ASSIGN_OR_RETURN(const std::string tag, image["tag"].Text());
  std::string last = name;
  if (absl::StartsWith(tag, "@")) {
    absl::StrAppend(&last, tag);
  } else if (absl::StrContains(tag, ':')) {
    // "example:v1.0.0", as in the sample: then `name` is a mere title.
    last = tag;
    if (!name.empty()) Warn(image["name"], "the tag names the image: left out");
  } else if (!tag.empty()) {
    absl::StrAppend(&last, ":", tag);
  }
  std::vector<std::string> parts;
  for (const std::string& part : {registry, repository, last}) {
    if (!part.empty()) parts.push_back(part);
  }
  return absl::StrJoin(parts, "/");
}

absl::Status KubeEdgeJobReader::ReadOverriders(const YamlField& overriders) {
  ASSIGN_OR_RETURN(const std::vector<YamlField> items, overriders.Items());
  for (const YamlField& item : items) {
    const YamlField wrapped = item["imagePrePullOverrider"];
    const YamlField& overrider = wrapped.is_set() ? wrapped : item;
    const YamlField rules = overrider["overriders"];
    NodeOverride result;
    ASSIGN_OR_RETURN(result.nodes, SelectorOf(overrider["nodeLabel"]));
    ASSIGN_OR_RETURN(
        result.images,
        ReadParts(rules["imageOverriders"], {"Registry", "Repository", "Tag"}));
    ASSIGN_OR_RETURN(result.secrets,
                     ReadParts(rules["secretOverriders"], {"SecretName"}));
    RETURN_IF_ERROR(WarnOfOthers(overrider, {"nodeLabel", "overriders"}));
    RETURN_IF_ERROR(
        WarnOfOthers(rules, {"imageOverriders", "secretOverriders"}));
    result_.prepull.overrides.push_back(std::move(result));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PartOverride>> KubeEdgeJobReader::ReadParts(
    const YamlField& parts, const std::set<std::string>& components) {
  ASSIGN_OR_RETURN(const std::vector<YamlField> items, parts.Items());
  std::vector<PartOverride> overrides;
  for (const YamlField& item : items) {
    PartOverride part;
    ASSIGN_OR_RETURN(part.component, item["component"].Text());
    ASSIGN_OR_RETURN(part.op, item["operator"].Text());
    ASSIGN_OR_RETURN(part.value, item["value"].Text());
    if (!components.contains(part.component)) {
      Warn(item["component"], "no counterpart: left out");
      continue;
    }
    const bool is_removal = part.op == "remove";
    if (!is_removal && part.op != "add" && part.op != "replace") {
      return item["operator"].Invalid("expected replace, add or remove");
    }
    if (!is_removal && part.value.empty()) {
      return item.Invalid("value: missing");
    }
    overrides.push_back(std::move(part));
  }
  return overrides;
}

}  // namespace prepull
