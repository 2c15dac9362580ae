// From the flags of manifest to what is deployed.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/deploy/names.h"
#include "src/cli/manifest_flags.h"

namespace prepull {
namespace {

// TALM's own time for pre-caching, unless a ClusterGroupUpgrade says another.
constexpr absl::Duration kTalmDeadline = absl::Hours(4);
constexpr absl::Duration kTalmResultEvery = absl::Seconds(30);
// So that the Job's deadline comes first, and is the reason.
constexpr absl::Duration kBeyondDeadline = absl::Minutes(1);

absl::Status CheckJob(const DeploymentOptions& options) {
  if (options.deadline == absl::ZeroDuration() ||
      options.deadline >= options.overall_timeout) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--deadline ", absl::FormatDuration(options.deadline),
                   ": shorter than --overall-timeout ",
                   absl::FormatDuration(options.overall_timeout)));
}

absl::Status CheckHub(const ManifestFlags& flags,
                      const DeploymentOptions& options) {
  if (!options.hub) {
    if (!flags.has_hub_flags) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "--placement, --hub-namespace, --max-concurrency, --max-failures and "
        "--progress-deadline: only valid for a hub");
  }
  if (options.hub->placement.empty()) {
    return absl::InvalidArgumentError(
        "which clusters? Give the name of a Placement: --placement");
  }
  if (flags.kept_for) {
    return absl::InvalidArgumentError(
        "--ttl: a hub would make the Job anew when it is gone");
  }
  return absl::OkStatus();
}

absl::Status CheckWorkload(const ManifestFlags& flags,
                           const DeploymentOptions& options) {
  const bool is_job = options.workload == Workload::kJob;
  const bool has_job_flags = flags.deadline.after || flags.kept_for ||
                             flags.backoff_limit ||
                             options.reader == JobReader::kTalm;
  if (has_job_flags && !is_job) {
    return absl::InvalidArgumentError(
        "--deadline D, --backoff-limit, --ttl and --for: only valid for a job");
  }
  if (flags.max_nodes && is_job) {
    return absl::InvalidArgumentError(
        "--max-nodes: only valid for a daemonset");
  }
  RETURN_IF_ERROR(CheckHub(flags, options));
  if (flags.result_every && options.result_configmap.empty() &&
      options.reader != JobReader::kTalm) {
    return absl::InvalidArgumentError(
        "--result-every: only valid with --result-configmap");
  }
  return absl::OkStatus();
}

void TakeGiven(const ManifestFlags& flags, DeploymentOptions& options) {
  const auto take = [](const auto& given, auto& value) {
    if (given) value = *given;
  };
  take(flags.kept_for, options.kept_for);
  take(flags.deadline.after, options.deadline);
  take(flags.backoff_limit, options.backoff_limit);
  take(flags.overall_timeout, options.overall_timeout);
  take(flags.result_every, options.result_every);
  take(flags.max_nodes, options.max_nodes);
  take(flags.start_jitter, options.start_jitter);
  if (flags.deadline.at) {
    options.environment.push_back({"PREPULL_DEADLINE", flags.deadline_text});
  }
}

// Whose patches would break what others rely on.
absl::Status CheckResultName(const DeploymentOptions& options) {
  for (const char* taken : {"kube-root-ca.crt", "openshift-service-ca.crt"}) {
    if (options.result_configmap != taken) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "--result-configmap: \"", taken, "\" belongs to Kubernetes"));
  }
  return absl::OkStatus();
}

// A hub sees objects by their names only, so the result has one.
void ForHub(const ManifestFlags& flags, DeploymentOptions& options) {
  options.hub = flags.hub;
  options.kept_for = absl::ZeroDuration();
  if (options.result_configmap.empty() && flags.words.size() > 1) {
    options.result_configmap = absl::StrCat(flags.words[1], "-result");
  }
}

// What TALM's reader makes necessary: one pod, and one way to run out of time.
absl::Status ForTalm(const ManifestFlags& flags, DeploymentOptions& options) {
  if (flags.backoff_limit.value_or(0) > 0) {
    return absl::InvalidArgumentError(
        "--backoff-limit: TALM takes a Job between two pods for a failed one: "
        "--for talm has one try");
  }
  options.backoff_limit = 0;
  options.deadline = flags.deadline.after.value_or(kTalmDeadline);
  options.overall_timeout =
      flags.overall_timeout.value_or(options.deadline + kBeyondDeadline);
  if (options.overall_timeout <= options.deadline) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--overall-timeout ", absl::FormatDuration(options.overall_timeout),
        ": --for talm has the Job's deadline end the run, ",
        absl::FormatDuration(options.deadline), ": give --deadline instead"));
  }
  if (!flags.result_every) options.result_every = kTalmResultEvery;
  if (options.result_configmap.empty()) {
    options.result_configmap = absl::StrCat(options.name, "-result");
  }
  return absl::OkStatus();
}

absl::Status AsCleanUp(const ManifestFlags& flags, DeploymentOptions& options) {
  if (!flags.clean) {
    return options.unpins
               ? absl::InvalidArgumentError("--unpin: only valid with --clean")
               : absl::OkStatus();
  }
  if (options.workload != Workload::kJob) {
    return absl::InvalidArgumentError("--clean: only valid for a job");
  }
  if (options.status_folder.empty()) {
    return absl::InvalidArgumentError(
        "--clean: give the folder of the status file as --status-dir");
  }
  if (options.unpins && options.flavor == Flavor::kOpenShift) {
    return absl::InvalidArgumentError(
        "--unpin: CRI-O has its pins in a file, pinned_images in "
        "/etc/crio/crio.conf.d");
  }
  options.cleans = options.name;
  options.name += "-clean";
  return Annotate(CheckDnsLabel(options.name), "NAME-clean");
}

}  // namespace

absl::Status CheckNamespace(const DeploymentOptions& options) {
  // kubectl delete -f would delete it with all its objects.
  const bool is_kubernetes_own = options.name_space == "default" ||
                                 absl::StartsWith(options.name_space, "kube-");
  if (!options.with_namespace || !is_kubernetes_own) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--create-namespace: \"", options.name_space,
                   "\" belongs to Kubernetes: give another --namespace"));
}

absl::Status CheckKeys(const DeploymentOptions& options) {
  const auto has = [](const std::vector<Label>& pairs, absl::string_view key) {
    return std::any_of(pairs.begin(), pairs.end(),
                       [key](const Label& each) { return each.key == key; });
  };
  for (const char* key :
       {"app.kubernetes.io/name", "app.kubernetes.io/instance",
        "app.kubernetes.io/component", "job-name", "controller-uid",
        "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid"}) {
    if (has(options.labels, key)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--label ", key, ": manifest or Kubernetes sets it"));
    }
  }
  for (const char* name : {"NODE_NAME", "INSTANCE_NAME"}) {
    if (has(options.environment, name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--env ", name, ": manifest sets it"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCleanUp(const std::vector<FlagDoc>& given,
                          const DeploymentOptions& options) {
  static constexpr absl::string_view kAllowed[] = {
      "--clean",           "--unpin",          "--status-dir",
      "--namespace",       "--flavor",         "--create-namespace",
      "--image",           "--label",          "--annotation",
      "--owner",           "--node-selector",  "--toleration",
      "--requests",        "--priority-class", "--limits",
      "--deadline",        "--backoff-limit",  "--ttl",
      "--log-level",       "--log-format",     "--quiet",
      "--overall-timeout", "--verbose"};
  for (const FlagDoc& flag : given) {
    const bool is_socket = flag.name == "--cri-socket" && options.unpins;
    if (is_socket || std::find(std::begin(kAllowed), std::end(kAllowed),
                               flag.name) != std::end(kAllowed)) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("--clean: fetches nothing, so not with ", flag.name));
  }
  if (options.fetch_flags.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--clean: fetches nothing, so no flags of fetch behind --");
}

absl::StatusOr<DeploymentOptions> ToDeployment(const ManifestFlags& flags) {
  DeploymentOptions options = flags.options;
  if (!flags.allowed_secrets.empty()) {
    return absl::InvalidArgumentError(
        "--allowed-image-secrets: only valid for a controller");
  }
  if (flags.words.size() < 2 ||
      (flags.words[0] != "daemonset" && flags.words[0] != "job" &&
       flags.words[0] != "hub")) {
    return absl::InvalidArgumentError(
        "manifest: expected daemonset, job or hub, and a name; or controller");
  }
  options.workload =
      flags.words[0] == "daemonset" ? Workload::kDaemonSet : Workload::kJob;
  if (flags.words[0] == "hub") ForHub(flags, options);
  RETURN_IF_ERROR(Annotate(CheckDnsLabel(flags.words[1]), "NAME"));
  options.name = flags.words[1];
  options.fetch_flags.assign(flags.words.begin() + 2, flags.words.end());
  RETURN_IF_ERROR(CheckResources(options.requests, options.limits));
  RETURN_IF_ERROR(CheckNamespace(options));
  RETURN_IF_ERROR(CheckKeys(options));
  RETURN_IF_ERROR(CheckWorkload(flags, options));
  RETURN_IF_ERROR(AsCleanUp(flags, options));
  RETURN_IF_ERROR(Annotate(CheckSocketFolder(options), "--cri-socket"));
  const bool is_job = options.workload == Workload::kJob;
  const std::vector<Toleration> by_default(is_job ? 0 : 1);
  options.tolerations = flags.tolerations.value_or(by_default);
  TakeGiven(flags, options);
  if (options.reader == JobReader::kTalm) {
    RETURN_IF_ERROR(ForTalm(flags, options));
  } else {
    RETURN_IF_ERROR(CheckJob(options));
  }
  RETURN_IF_ERROR(CheckResultName(options));
  return options;
}

}  // namespace prepull
