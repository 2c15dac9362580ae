#include "src/cli/manifest_flags.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "prepull/deploy/names.h"
#include "prepull/image/reference.h"
#include "prepull/kube/node_label.h"
#include "src/cli/shared_flags.h"

namespace prepull {
namespace {

constexpr absl::Duration kMaxTime = absl::Hours(365 * 24);
constexpr char kDefaultImage[] = "localhost/prepull:" PREPULL_VERSION;

// Adds a flag whose text is stored if it passes `check`.
void Checked(Command& command, const FlagDoc& flag,
             absl::Status (*check)(absl::string_view), std::string& value) {
  command.Custom(flag, [check, &value](const std::string& text) {
    RETURN_IF_ERROR(check(text));
    value = text;
    return absl::OkStatus();
  });
}

absl::Status CheckImage(absl::string_view text) {
  const absl::Status status = Reference::Parse(text).status();
  return Annotate(status, absl::StrCat("\"", Printable(text, 300), "\""));
}

// The folder of the socket is mounted as a whole.
absl::Status ParseSocket(absl::string_view text, std::string& path) {
  absl::ConsumePrefix(&text, "unix://");
  RETURN_IF_ERROR(CheckHostPath(text));
  path = std::string(text);
  if (text.rfind('/') != 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\": expected a folder below /"));
}

absl::Status CheckConcurrency(absl::string_view text) {
  return ParseConcurrency(std::string(text)).status();
}

absl::Status CheckNodeLabel(absl::string_view text) {
  return ParseNodeLabel(text).status();
}

// Kubernetes counts in whole seconds, up to 2^31 of them for a TTL, and the
// time for all tries must be within its range, too.
absl::StatusOr<absl::Duration> ParseSeconds(const std::string& text) {
  ASSIGN_OR_RETURN(const absl::Duration duration, ParseDuration(text));
  const bool is_long = duration > kMaxTime;
  if (duration >= absl::Seconds(1) && !is_long) return duration;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(text, 64), "\": expected at ",
                   is_long ? "most a year" : "least a second"));
}

void AddObjectFlags(Command& command, ManifestFlags& flags) {
  DeploymentOptions& options = flags.options;
  command.Group("What");
  command.Text({.name = "--images-from",
                .value = "PATH",
                .text = "list of images, as for fetch --image-list-file; - is "
                        "standard input",
                .is_path = true},
               flags.list_file);
  Checked(command,
          {.name = "--namespace",
           .value = "NAME",
           .text = "namespace of the objects",
           .fallback = "default"},
          CheckDnsLabel, options.name_space);
  command.Switch({.name = "--create-namespace",
                  .text = "also print the Namespace, labelled so that its pods "
                          "may mount folders of the host"},
                 options.with_namespace);
  command.Choice(
      {
          .name = "--flavor",
          .value = "FLAVOR",
          .text = "vanilla (containerd) or openshift (CRI-O, and the "
                  "SecurityContextConstraints that the pods need)",
          .fallback = "vanilla",
      },
      {"vanilla", "openshift"}, [&options](size_t choice) {
        options.flavor = choice == 0 ? Flavor::kVanilla : Flavor::kOpenShift;
      });
  options.image = kDefaultImage;
  Checked(command,
          {.name = "--image",
           .value = "IMAGE",
           .text = "prepull's own image; prepull is its entry point",
           .fallback = kDefaultImage},
          CheckImage, options.image);
}

void AddPriorityFlags(Command& command, DeploymentOptions& options) {
  command.Integer({.name = "--nice",
                   .value = "N",
                   .text = "niceness of fetch, -20 to 19; below 0 adds the "
                           "capability SYS_NICE"},
                  -20, 19, options.nice);
  command.Choice({.name = "--ionice-class",
                  .value = "CLASS",
                  .text = "I/O class of fetch: none, realtime (adds SYS_NICE, "
                          "too), best-effort or idle; else the kernel's "
                          "default, best-effort 4 at niceness 0"},
                 {"none", "realtime", "best-effort", "idle"},
                 options.ionice_class);
  command.Integer({.name = "--ionice-priority",
                   .value = "N",
                   .text = "level within the class, 0 (highest) to 7"},
                  0, 7, options.ionice_priority);
}

void AddFetchSettings(Command& command, DeploymentOptions& options) {
  command.Group("How it fetches");
  command.Custom({.name = "--cri-socket",
                  .value = "PATH",
                  .text = "the runtime's socket on the host; else "
                          "/run/containerd/containerd.sock, on OpenShift "
                          "/run/crio/crio.sock. Its folder is mounted"},
                 [&options](const std::string& text) {
                   return ParseSocket(text, options.cri_socket);
                 });
  Checked(command,
          {.name = "--secret",
           .value = "NAME",
           .text = "Secret with registry credentials "
                   "(kubernetes.io/dockerconfigjson)"},
          CheckDnsSubdomain, options.secret);
  Checked(command,
          {.name = "--status-dir",
           .value = "PATH",
           .text = "folder on the host for the status file, NAME.json; else a "
                   "DaemonSet keeps it in its pod and a Job has none"},
          CheckHostPath, options.status_folder);
  Checked(command,
          {.name = "--storage-dir",
           .value = "PATH",
           .text = "folder on the host with the runtime's images, such as "
                   "/var/lib/containerd or /var/lib/containers: mounted, read "
                   "only, so that fetch sees how full its disk is"},
          CheckHostPath, options.storage_folder);
  Checked(command,
          {.name = "--node-label",
           .value = "LABEL",
           .text = "label the node with the result, as fetch --node-label: "
                   "KEY[=SUCCEEDED[,FAILED[,INCOMPLETE]]] or auto. Gives the "
                   "fetch container a token that may patch any node: RBAC "
                   "cannot restrict it to its own"},
          CheckNodeLabel, options.node_label);
  command.Switch({.name = "--pin",
                  .text = "protect the images from image garbage collection"},
                 options.pin);
  command.Switch({.name = "--watch-connections",
                  .text = "give the pods what fetch needs to watch the "
                          "runtime's connections: hostPID, SYS_PTRACE and no "
                          "AppArmor profile"},
                 options.watch_connections);
  Checked(command,
          {.name = "--concurrency",
           .value = "N",
           .text = "pulls at once, 1 to 64 or auto; else fetch's own default"},
          CheckConcurrency, options.concurrency);
  AddPriorityFlags(command, options);
  command.Custom({.name = "--overall-timeout",
                  .value = "D",
                  .text = "limit for one run of fetch",
                  .fallback = "20m"},
                 [&options](const std::string& text) {
                   ASSIGN_OR_RETURN(options.overall_timeout,
                                    ParseSeconds(text));
                   return absl::OkStatus();
                 });
}

void AddPlacementFlags(Command& command, ManifestFlags& flags) {
  DeploymentOptions& options = flags.options;
  command.Group("Where it runs");
  command.Custom({.name = "--node-selector",
                  .value = "KEY=VALUE",
                  .text = "run on nodes with this label only, in addition to "
                          "kubernetes.io/os=linux",
                  .is_repeatable = true},
                 [&options](const std::string& text) {
                   ASSIGN_OR_RETURN(Label label, ParseLabel(text));
                   for (const Label& each : options.node_selector) {
                     if (each.key != label.key) continue;
                     return absl::InvalidArgumentError(
                         absl::StrCat("\"", label.key, "\": given twice"));
                   }
                   options.node_selector.push_back(std::move(label));
                   return absl::OkStatus();
                 });
  command.Custom({.name = "--toleration",
                  .value = "TAINT",
                  .text = "KEY[=VALUE][:EFFECT], or all, or none; a DaemonSet "
                          "tolerates all unless told otherwise, a Job none",
                  .is_repeatable = true},
                 [&flags](const std::string& text) {
                   if (!flags.tolerations) flags.tolerations.emplace();
                   if (text == "none") return absl::OkStatus();
                   ASSIGN_OR_RETURN(Toleration toleration,
                                    ParseToleration(text));
                   flags.tolerations->push_back(std::move(toleration));
                   return absl::OkStatus();
                 });
  Checked(command,
          {.name = "--priority-class",
           .value = "NAME",
           .text = "PriorityClass of the pods, such as "
                   "system-node-critical"},
          CheckDnsSubdomain, options.priority_class);
  command.Custom({.name = "--requests",
                  .value = "AMOUNTS",
                  .text = "resource requests of fetch: cpu=Q,memory=Q; none "
                          "removes one",
                  .fallback = "cpu=10m,memory=16Mi"},
                 [&options](const std::string& text) {
                   return ParseAmounts(text, options.requests);
                 });
  command.Custom({.name = "--limits",
                  .value = "AMOUNTS",
                  .text = "resource limits of fetch",
                  .fallback = "memory=256Mi"},
                 [&options](const std::string& text) {
                   return ParseAmounts(text, options.limits);
                 });
}

void AddJobFlags(Command& command, ManifestFlags& flags) {
  const auto optional_duration =
      [&command](const FlagDoc& flag, std::optional<absl::Duration>& value) {
        command.Custom(flag, [&value](const std::string& text) {
          ASSIGN_OR_RETURN(value, ParseSeconds(text));
          return absl::OkStatus();
        });
      };
  command.Group("Of a Job only");
  optional_duration({.name = "--deadline",
                     .value = "D",
                     .text = "limit for the Job with all its retries; else as "
                             "long as they need, each with its "
                             "--overall-timeout"},
                    flags.deadline);
  command.Integer({.name = "--backoff-limit",
                   .value = "N",
                   .text = "retries after exit code 1 (an image failed), 0 to "
                           "100; retries after 3 and 4 do not count",
                   .fallback = "2"},
                  0, 100, flags.backoff_limit);
  optional_duration({.name = "--ttl",
                     .value = "D",
                     .text = "how long the Job is kept after its end",
                     .fallback = "24h"},
                    flags.kept_for);
}

// kubectl delete -f would delete it with all its objects.
absl::Status CheckNamespace(const DeploymentOptions& options) {
  const bool is_kubernetes_own = options.name_space == "default" ||
                                 absl::StartsWith(options.name_space, "kube-");
  if (!options.with_namespace || !is_kubernetes_own) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--create-namespace: \"", options.name_space,
                   "\" belongs to Kubernetes: give another --namespace"));
}

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

}  // namespace

void AddManifestFlags(Command& command, ManifestFlags& flags) {
  AddObjectFlags(command, flags);
  AddFetchSettings(command, flags.options);
  AddPlacementFlags(command, flags);
  AddJobFlags(command, flags);
  command.Group("Output");
  AddLoggingFlags(command, flags.logging);
  command.Positionals(flags.words);
}

absl::StatusOr<DeploymentOptions> ToDeployment(const ManifestFlags& flags) {
  DeploymentOptions options = flags.options;
  if (flags.words.size() < 2 ||
      (flags.words[0] != "daemonset" && flags.words[0] != "job")) {
    return absl::InvalidArgumentError(
        "manifest: expected daemonset or job, and a name");
  }
  options.workload =
      flags.words[0] == "job" ? Workload::kJob : Workload::kDaemonSet;
  RETURN_IF_ERROR(Annotate(CheckDnsLabel(flags.words[1]), "NAME"));
  options.name = flags.words[1];
  options.fetch_flags.assign(flags.words.begin() + 2, flags.words.end());
  RETURN_IF_ERROR(CheckResources(options.requests, options.limits));
  RETURN_IF_ERROR(CheckNamespace(options));
  RETURN_IF_ERROR(Annotate(CheckSocketFolder(options), "--cri-socket"));
  const bool is_job = options.workload == Workload::kJob;
  const bool has_job_flags =
      flags.deadline || flags.kept_for || flags.backoff_limit;
  if (has_job_flags && !is_job) {
    return absl::InvalidArgumentError(
        "--deadline, --backoff-limit and --ttl: only valid for a job");
  }
  const std::vector<Toleration> by_default(is_job ? 0 : 1);
  options.tolerations = flags.tolerations.value_or(by_default);
  if (flags.deadline) options.deadline = *flags.deadline;
  if (flags.kept_for) options.kept_for = *flags.kept_for;
  if (flags.backoff_limit) options.backoff_limit = *flags.backoff_limit;
  RETURN_IF_ERROR(CheckJob(options));
  return options;
}

}  // namespace prepull
