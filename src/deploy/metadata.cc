#include "src/deploy/metadata.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

constexpr absl::string_view kComponentLabel = "app.kubernetes.io/component";

void AddAnnotations(const DeploymentOptions& options, Yaml& metadata) {
  Yaml annotations = Annotations(options);
  if (!annotations.empty()) metadata.Add("annotations", std::move(annotations));
}

}  // namespace

std::string ClusterWideName(const DeploymentOptions& options) {
  return absl::StrCat("prepull.", options.name_space, ".", options.name);
}

std::string ListName(const DeploymentOptions& options) {
  return absl::StrCat(options.name, "-", options.list_hash);
}

std::string JobName(const DeploymentOptions& options) {
  return options.hub ? ListName(options) : options.name;
}

Yaml SelectorLabels(const DeploymentOptions& options) {
  return Yaml()
      .Add("app.kubernetes.io/name", "prepull")
      .Add("app.kubernetes.io/instance", options.name);
}

Yaml Labels(const DeploymentOptions& options) {
  Yaml labels = SelectorLabels(options);
  for (const Label& each : options.labels) labels.Add(each.key, each.value);
  return labels;
}

Yaml Annotations(const DeploymentOptions& options,
                 const std::vector<Label>& own) {
  const std::vector<Label>& given = options.annotations;
  Yaml annotations;
  for (const Label& each : own) {
    const bool is_given =
        std::any_of(given.begin(), given.end(),
                    [&](const Label& one) { return one.key == each.key; });
    if (!is_given) annotations.Add(each.key, each.value);
  }
  for (const Label& each : given) annotations.Add(each.key, each.value);
  return annotations;
}

Yaml Metadata(const DeploymentOptions& options, absl::string_view name,
              absl::string_view component) {
  Yaml labels = Labels(options);
  if (!component.empty()) labels.Add(kComponentLabel, component);
  Yaml metadata;
  metadata.Add("name", name)
      .Add("namespace", options.name_space)
      .Add("labels", std::move(labels));
  AddAnnotations(options, metadata);
  if (const std::optional<Owner>& owner = options.owner) {
    metadata.Add("ownerReferences",
                 Yaml::List({Yaml()
                                 .Add("apiVersion", owner->api_version)
                                 .Add("kind", owner->kind)
                                 .Add("name", owner->name)
                                 .Add("uid", owner->uid)}));
  }
  return metadata;
}

Yaml ClusterWideMetadata(const DeploymentOptions& options,
                         absl::string_view more) {
  Yaml metadata;
  metadata.Add("name", absl::StrCat(ClusterWideName(options), more))
      .Add("labels", Labels(options));
  AddAnnotations(options, metadata);
  return metadata;
}

}  // namespace prepull
