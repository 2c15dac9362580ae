#include "src/deploy/hub.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/deploy/metadata.h"

namespace prepull {
namespace {

// The hub looks at clusters one after another.
constexpr absl::Duration kBeyondJob = absl::Minutes(5);
// CEL. A Job has no conditions until it ends.
constexpr absl::string_view kHasConditions =
    "has(object.status) && has(object.status.conditions)";

// "4350s": one number and one unit.
std::string ProgressDeadline(const DeploymentOptions& options) {
  const absl::Duration given = options.hub->progress_deadline;
  const absl::Duration deadline =
      given > absl::ZeroDuration() ? given : JobDeadline(options) + kBeyondJob;
  return absl::StrCat(
      absl::ToInt64Seconds(absl::Ceil(deadline, absl::Seconds(1))), "s");
}

Yaml PlacementRef(const DeploymentOptions& options) {
  const Yaml progressive =
      Yaml()
          .Add("maxConcurrency", Yaml::IntOrShare(options.hub->max_concurrency))
          .Add("maxFailures", Yaml::IntOrShare(options.hub->max_failures))
          .Add("progressDeadline", ProgressDeadline(options));
  return Yaml()
      .Add("name", options.hub->placement)
      .Add("rolloutStrategy",
           Yaml().Add("type", "Progressive").Add("progressive", progressive));
}

Yaml Path(absl::string_view name, absl::string_view path) {
  return Yaml().Add("name", name).Add("path", path);
}

Yaml Feedback(std::vector<Yaml> paths) {
  return Yaml()
      .Add("type", "JSONPaths")
      .Add("jsonPaths", Yaml::List(std::move(paths)));
}

// The work is in `condition` while the expression holds for its Job.
Yaml ConditionRule(absl::string_view condition, absl::string_view expression) {
  return Yaml()
      .Add("condition", condition)
      .Add("type", "CEL")
      .Add("celExpressions", Yaml::Texts({std::string(expression)}));
}

// Created once: fetch writes into the result, and a Job cannot be changed.
Yaml CreatedOnce(const DeploymentOptions& options, absl::string_view group,
                 absl::string_view resource, absl::string_view name) {
  return Yaml()
      .Add("resourceIdentifier", Yaml()
                                     .Add("group", group)
                                     .Add("resource", resource)
                                     .Add("namespace", options.name_space)
                                     .Add("name", name))
      .Add("updateStrategy", Yaml().Add("type", "CreateOnly"));
}

// By itself a work has made its progress when its objects exist. Its Job is
// what this one is about.
Yaml JobConfig(const DeploymentOptions& options) {
  const std::string over = absl::StrCat(
      kHasConditions,
      " && object.status.conditions.exists(c, c.status == 'True' && "
      "(c.type == 'Complete' || c.type == 'Failed'))");
  const std::string failed = absl::StrCat(
      kHasConditions,
      " && object.status.conditions.exists(c, c.status == 'True' && "
      "c.type == 'Failed')");
  return CreatedOnce(options, "batch", "jobs", JobName(options))
      .Add("conditionRules",
           Yaml::List(
               {ConditionRule("Progressing", absl::StrCat("!(", over, ")")),
                ConditionRule("Degraded", failed)}))
      .Add("feedbackRules",
           Yaml::List({Feedback(
               {Path("active", ".status.active"),
                Path("succeeded", ".status.succeeded"),
                Path("failed", ".status.failed"),
                Path("reason",
                     ".status.conditions[?(@.type==\"Failed\")].reason")})}));
}

Yaml ResultConfig(const DeploymentOptions& options) {
  return CreatedOnce(options, "", "configmaps", options.result_configmap)
      .Add("feedbackRules",
           Yaml::List({Feedback({Path("summary", ".data.summary")})}));
}

}  // namespace

Yaml HubWork(const DeploymentOptions& options, std::vector<Yaml> objects) {
  const Yaml configs = Yaml::List({ResultConfig(options), JobConfig(options)});
  const Yaml work =
      Yaml()
          .Add("workload",
               Yaml().Add("manifests", Yaml::List(std::move(objects))))
          .Add("manifestConfigs", configs);
  return Yaml()
      .Add("apiVersion", "work.open-cluster-management.io/v1alpha1")
      .Add("kind", "ManifestWorkReplicaSet")
      .Add("metadata", Yaml()
                           .Add("name", options.name)
                           .Add("namespace", options.hub->name_space)
                           .Add("labels", Labels(options)))
      .Add("spec",
           Yaml()
               .Add("placementRefs", Yaml::List({PlacementRef(options)}))
               .Add("manifestWorkTemplate", work));
}

}  // namespace prepull
