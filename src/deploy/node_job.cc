#include "prepull/deploy/node_job.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/deploy/container.h"
#include "src/deploy/job.h"
#include "src/deploy/node_pod.h"
#include "src/deploy/pod.h"
#include "src/deploy/volumes.h"
#include "src/deploy/yaml.h"

namespace prepull {
namespace {

// After the time of the pods, for one that never starts: at its end Kubernetes
// deletes a pod with its message.
constexpr absl::Duration kBeyondPods = absl::Minutes(5);

DeploymentOptions JobOptions(const NodeJob& job, const NodePods& pods) {
  DeploymentOptions options = NodeOptions(pods);
  options.overall_timeout = job.timeout;
  options.priority_class = job.priority_class;
  return options;
}

std::string TaskWord(NodeTask task) {
  return absl::AsciiStrToLower(NodeTaskName(task));
}

std::vector<std::string> NodeArguments(const NodeJob& job,
                                       const DeploymentOptions& options) {
  std::vector<std::string> words = {TaskWord(job.task)};
  if (job.task == NodeTask::kCheck) words.emplace_back("--preflight");
  words.insert(
      words.end(),
      {absl::StrCat("--image-list-file=", kListFolder, "/", kListKey),
       absl::StrCat("--cri-socket=", SocketOf(options)),
       absl::StrCat("--overall-timeout=", absl::FormatDuration(job.timeout))});
  for (const std::string& secret : job.secrets) {
    words.push_back(
        absl::StrCat("--docker-config=", kSecretFolder, "/", secret));
  }
  if (!job.line_secrets.empty()) {
    words.push_back(absl::StrCat("--secrets-dir=", kLineSecretsFolder));
  }
  if (!job.check_items.empty()) {
    words.push_back(
        absl::StrCat("--check-items=", absl::StrJoin(job.check_items, ",")));
  }
  if (!job.space_required.empty()) {
    words.push_back(absl::StrCat("--space-required=", job.space_required));
  }
  if (!options.storage_folder.empty()) {
    words.push_back(absl::StrCat("--host-root=", kHostRoot));
  }
  for (std::string& word : words) word = Literal(word);
  return words;
}

Yaml NodeEnvironment(const NodeJob& job) {
  Yaml environment = Yaml::List(
      {Yaml().Add("name", kNodeVariable).Add("value", Literal(job.node))});
  if (job.deadline != absl::InfiniteFuture()) {
    environment.Append(
        Yaml()
            .Add("name", kDeadlineVariable)
            .Add("value", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", job.deadline,
                                           absl::UTCTimeZone())));
  }
  return environment;
}

// The folders of a pod: volumes, and mounts of the same names.
struct Folders {
  Yaml volumes;
  Yaml mounts;
};

Folders FoldersOf(const NodeJob& job, const DeploymentOptions& options) {
  Folders folders = {.volumes = Yaml::List({CriVolume(options)}),
                     .mounts = Yaml::List({CriMount(options)})};
  const auto add = [&folders](Yaml volume, Yaml mount) {
    folders.volumes.Append(std::move(volume));
    folders.mounts.Append(std::move(mount));
  };
  const auto add_secrets = [&add](const std::vector<std::string>& secrets,
                                  absl::string_view kind,
                                  absl::string_view folder) {
    for (size_t i = 0; i < secrets.size(); ++i) {
      const std::string name = absl::StrCat(kind, "-", i);
      add(SecretVolume(name, secrets[i], /*is_optional=*/true),
          Mount(name, absl::StrCat(folder, "/", secrets[i])));
    }
  };
  add(ConfigMapVolume("list", job.list_config_map), Mount("list", kListFolder));
  add_secrets(job.secrets, "pull-secret", kSecretFolder);
  add_secrets(job.line_secrets, "secret", kLineSecretsFolder);
  if (!options.storage_folder.empty()) {
    add(StorageVolume(options), StorageMount(options));
  }
  return folders;
}

// The scheduler places it, so that a node that is full or gone is said; with
// spec.nodeName the pod would fail there, or hang.
Yaml OnNode(const std::string& node) {
  const Yaml by_name = Yaml()
                           .Add("key", "metadata.name")
                           .Add("operator", "In")
                           .Add("values", Yaml::Texts({node}));
  const Yaml terms =
      Yaml::List({Yaml().Add("matchFields", Yaml::List({by_name}))});
  return Yaml().Add("nodeAffinity",
                    Yaml().Add("requiredDuringSchedulingIgnoredDuringExecution",
                               Yaml().Add("nodeSelectorTerms", terms)));
}

Yaml NodeLabels(const NodeJob& job) {
  return Yaml()
      .Add("app.kubernetes.io/name", "prepull")
      .Add("app.kubernetes.io/managed-by", "prepull")
      .Add(kPrepullLabel, job.prepull);
}

Yaml NodePodTemplate(const NodeJob& job, const DeploymentOptions& options) {
  Folders folders = FoldersOf(job, options);
  const std::string task = TaskWord(job.task);
  const ContainerParts parts = {.name = task,
                                .arguments = NodeArguments(job, options),
                                .environment = NodeEnvironment(job),
                                .mounts = std::move(folders.mounts)};
  Yaml spec = PodBase(options);
  spec.Add("affinity", OnNode(job.node)).Add("restartPolicy", "Never");
  AddPodDeadlines(options, spec);
  spec.Add("containers", Yaml::List({NodeContainer(options, parts)}))
      .Add("volumes", std::move(folders.volumes));
  return Yaml()
      .Add("metadata", Yaml()
                           .Add("labels", NodeLabels(job))
                           .Add("annotations", PodAnnotations(options)))
      .Add("spec", std::move(spec));
}

Yaml JobMetadata(const NodeJob& job, const NodePods& pods) {
  const Yaml annotations = Yaml()
                               .Add(kNodeAnnotation, job.node)
                               .Add(kListAnnotation, job.list_hash)
                               .Add(kRoundAnnotation, absl::StrCat(job.round))
                               .Add(kTaskAnnotation, NodeTaskName(job.task));
  const Yaml owner = Yaml()
                         .Add("apiVersion", "prepull.dev/v1alpha1")
                         .Add("kind", "Prepull")
                         .Add("name", job.prepull)
                         .Add("uid", job.prepull_uid)
                         .Add("controller", Yaml::Bool(true));
  return Yaml()
      .Add("name", job.name)
      .Add("namespace", pods.name_space)
      .Add("labels", NodeLabels(job))
      .Add("annotations", annotations)
      .Add("ownerReferences", Yaml::List({owner}));
}

}  // namespace

DeploymentOptions NodeOptions(const NodePods& pods) {
  return {.workload = Workload::kJob,
          .name = pods.service_account,
          .image = pods.image,
          .flavor = pods.flavor,
          .name_space = pods.name_space,
          .cri_socket = pods.cri_socket,
          .storage_folder = pods.storage_folder,
          .tolerations = {Toleration{}},
          .requests = pods.requests,
          .limits = pods.limits};
}

absl::string_view NodeTaskName(NodeTask task) {
  return task == NodeTask::kFetch ? "Fetch" : "Check";
}

std::string NodeJobJson(const NodeJob& job, const NodePods& pods) {
  const DeploymentOptions options = JobOptions(job, pods);
  // What is missing is still missing a minute later.
  const int64_t more_pods = job.task == NodeTask::kCheck ? 0 : job.retry_times;
  const Yaml spec =
      Yaml()
          .Add("backoffLimit", Yaml::Number(more_pods))
          .Add("activeDeadlineSeconds", Seconds(job.timeout + kBeyondPods))
          .Add("podFailurePolicy", PodFailurePolicy(TaskWord(job.task)))
          .Add("template", NodePodTemplate(job, options));
  return Yaml()
      .Add("apiVersion", "batch/v1")
      .Add("kind", "Job")
      .Add("metadata", JobMetadata(job, pods))
      .Add("spec", spec)
      .Json();
}

}  // namespace prepull
