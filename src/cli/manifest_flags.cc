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

// Adds a repeatable flag whose texts become pairs with different keys.
void Pairs(Command& command, FlagDoc flag,
           absl::StatusOr<Label> (*parse)(absl::string_view),
           std::vector<Label>& pairs) {
  flag.is_repeatable = true;
  command.Custom(flag, [parse, &pairs](const std::string& text) {
    ASSIGN_OR_RETURN(Label pair, parse(text));
    for (const Label& each : pairs) {
      if (each.key != pair.key) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("\"", pair.key, "\": given twice"));
    }
    pairs.push_back(std::move(pair));
    return absl::OkStatus();
  });
}

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

absl::StatusOr<absl::Duration> ParseSecondsOrZero(const std::string& text) {
  const absl::StatusOr<absl::Duration> duration = ParseDuration(text);
  if (duration.ok() && *duration == absl::ZeroDuration()) return *duration;
  return ParseSeconds(text);
}

// A flag of fetch, where 0 turns it off.
void OptionalPause(Command& command, const FlagDoc& flag,
                   std::optional<absl::Duration>& value) {
  command.Custom(flag, [&value](const std::string& text) {
    ASSIGN_OR_RETURN(value, ParseSecondsOrZero(text));
    return absl::OkStatus();
  });
}

void AddMetadataFlags(Command& command, DeploymentOptions& options) {
  Pairs(command,
        {.name = "--label",
         .value = "KEY=VALUE",
         .text = "label of all objects but the Namespace, and of the pods"},
        ParseLabel, options.labels);
  Pairs(command,
        {.name = "--annotation",
         .value = "KEY=VALUE",
         .text = "annotation of the same; it replaces one of manifest's own"},
        ParseAnnotation, options.annotations);
  command.Custom({.name = "--owner",
                  .value = "KIND/NAME/UID",
                  .text = "owner of the objects in the namespace, which go "
                          "when it goes; KIND.VERSION.GROUP unless it is a "
                          "kind of Kubernetes itself. It must be in the same "
                          "namespace, or of the whole cluster"},
                 [&options](const std::string& text) {
                   ASSIGN_OR_RETURN(options.owner, ParseOwner(text));
                   return absl::OkStatus();
                 });
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
  AddMetadataFlags(command, options);
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

void AddTimeFlags(Command& command, ManifestFlags& flags) {
  OptionalSeconds(command,
                  {.name = "--overall-timeout",
                   .value = "D",
                   .text = "limit for one run of fetch; a pod that hangs is "
                           "ended a minute later",
                   .fallback = "20m"},
                  flags.overall_timeout);
  OptionalPause(command,
                {.name = "--start-jitter",
                 .value = "D",
                 .text = "random delay of each node before its first pull, "
                         "at most this long and half of --overall-timeout"},
                flags.start_jitter);
}

// As for fetch: a time is the end of each run.
void AddDeadlineFlag(Command& command, ManifestFlags& flags) {
  command.Custom(
      {.name = "--deadline",
       .value = "D|TIME",
       .text = "a time as 2026-12-24T04:00:00Z: end of every run, however late "
               "its pod starts. A duration: limit for a Job with all its "
               "retries; else as long as they need, each with its "
               "--overall-timeout, and 5 minutes. A pod that runs then is "
               "deleted with its message"},
      [&flags](const std::string& text) -> absl::Status {
        ASSIGN_OR_RETURN(flags.deadline, ParseDeadline(text));
        flags.deadline_text = text;
        if (flags.deadline.at) return absl::OkStatus();
        return ParseSeconds(text).status();
      });
}

void AddMountFlags(Command& command, DeploymentOptions& options) {
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
}

void AddFetchSettings(Command& command, ManifestFlags& flags) {
  DeploymentOptions& options = flags.options;
  command.Group("How it fetches");
  AddTimeFlags(command, flags);
  AddDeadlineFlag(command, flags);
  AddMountFlags(command, options);
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
  Pairs(command,
        {.name = "--env",
         .value = "NAME=VALUE",
         .text = "variable of fetch, such as a proxy's"},
        ParseVariable, options.environment);
}

void AddResultFlags(Command& command, ManifestFlags& flags) {
  DeploymentOptions& options = flags.options;
  Checked(command,
          {.name = "--result-configmap",
           .value = "NAME",
           .text = "ConfigMap for the result, printed empty, with the right "
                   "to patch it and no other; the pods of several nodes "
                   "overwrite each other's"},
          CheckDnsSubdomain, options.result_configmap);
  OptionalPause(command,
                {.name = "--result-every",
                 .value = "D",
                 .text = "write it also while the run goes on"},
                flags.result_every);
}

void AddPlacementFlags(Command& command, ManifestFlags& flags) {
  DeploymentOptions& options = flags.options;
  command.Group("Where it runs");
  Pairs(command,
        {.name = "--node-selector",
         .value = "KEY=VALUE",
         .text = "run on nodes with this label only, in addition to "
                 "kubernetes.io/os=linux"},
        ParseLabel, options.node_selector);
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

}  // namespace

void OptionalSeconds(Command& command, const FlagDoc& flag,
                     std::optional<absl::Duration>& value) {
  command.Custom(flag, [&value](const std::string& text) {
    ASSIGN_OR_RETURN(value, ParseSeconds(text));
    return absl::OkStatus();
  });
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

void AddManifestFlags(Command& command, ManifestFlags& flags) {
  AddObjectFlags(command, flags);
  AddFetchSettings(command, flags);
  AddResultFlags(command, flags);
  AddPlacementFlags(command, flags);
  AddDaemonSetFlags(command, flags);
  AddJobFlags(command, flags);
  AddHubFlags(command, flags);
  AddControllerFlags(command, flags);
  command.Group("Output");
  AddLoggingFlags(command, flags.logging);
  command.Positionals(flags.words);
}

}  // namespace prepull
