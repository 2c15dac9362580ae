// The flags of manifest that are about one kind of workload.
#include "prepull/base/status_macros.h"
#include "prepull/deploy/names.h"
#include "src/cli/manifest_flags.h"

namespace prepull {
namespace {

// Adds a flag that says something of a hub.
void HubFlag(Command& command, const FlagDoc& flag, ManifestFlags& flags,
             absl::Status (*set)(const std::string& text, Hub& hub)) {
  command.Custom(flag, [set, &flags](const std::string& text) {
    flags.has_hub_flags = true;
    return set(text, flags.hub);
  });
}

}  // namespace

void AddDaemonSetFlags(Command& command, ManifestFlags& flags) {
  command.Group("Of a DaemonSet only");
  command.Custom(
      {.name = "--max-nodes",
       .value = "N|P%",
       .text = "nodes that fetch a changed list at once (maxUnavailable). It "
               "does not bound the first placement, for which there is "
               "--start-jitter, nor nodes whose old pod is not available; and "
               "a node that fails keeps its place: as many of them stop the "
               "others",
       .fallback = flags.options.max_nodes},
      [&flags](const std::string& text) {
        RETURN_IF_ERROR(CheckShare(text, 1));
        flags.max_nodes = text;
        return absl::OkStatus();
      });
}

void AddJobFlags(Command& command, ManifestFlags& flags) {
  command.Group("Of a Job, also a hub's");
  command.Integer({.name = "--backoff-limit",
                   .value = "N",
                   .text = "retries after exit code 1 (an image failed), 4 "
                           "(no runtime) and 70, 0 to 100",
                   .fallback = "2"},
                  0, 100, flags.backoff_limit);
  OptionalSeconds(command,
                  {.name = "--ttl",
                   .value = "D",
                   .text = "how long the Job is kept after its end",
                   .fallback = "24h"},
                  flags.kept_for);
  command.Choice(
      {.name = "--for",
       .value = "READER",
       .text =
           "talm: a Job that TALM's pre-caching understands. It has one "
           "try, --deadline (else 4h) ends it, and it writes its result "
           "into --result-configmap (else NAME-result), --result-every 30s"},
      {"talm"}, [&flags](size_t) { flags.options.reader = JobReader::kTalm; });
  command.Switch({.name = "--clean",
                  .text = "a Job NAME-clean that fetches nothing and removes "
                          "the status file NAME.json of --status-dir from its "
                          "node; it needs no list"},
                 flags.clean);
  command.Switch({.name = "--unpin",
                  .text = "with --clean: first remove the pins of the images "
                          "in that file (containerd)"},
                 flags.options.unpins);
}

void AddHubFlags(Command& command, ManifestFlags& flags) {
  command.Group("Of a hub only");
  HubFlag(command,
          {.name = "--placement",
           .value = "NAME",
           .text = "Placement on the hub that says which clusters"},
          flags, [](const std::string& text, Hub& hub) {
            hub.placement = text;
            return CheckDnsSubdomain(text);
          });
  HubFlag(command,
          {.name = "--hub-namespace",
           .value = "NAME",
           .text = "namespace on the hub, of the Placement too",
           .fallback = flags.hub.name_space},
          flags, [](const std::string& text, Hub& hub) {
            hub.name_space = text;
            return CheckDnsLabel(text);
          });
  HubFlag(command,
          {.name = "--max-concurrency",
           .value = "N|P%",
           .text = "clusters at once",
           .fallback = flags.hub.max_concurrency},
          flags, [](const std::string& text, Hub& hub) {
            hub.max_concurrency = text;
            return CheckShare(text, 1);
          });
  HubFlag(command,
          {.name = "--max-failures",
           .value = "N|P%",
           .text = "clusters that may fail before no other one starts",
           .fallback = flags.hub.max_failures},
          flags, [](const std::string& text, Hub& hub) {
            hub.max_failures = text;
            return CheckShare(text, 0);
          });
  HubFlag(command,
          {.name = "--progress-deadline",
           .value = "D",
           .text = "what a cluster may take before it counts as failed; else "
                   "the Job's deadline and 5 minutes"},
          flags, [](const std::string& text, Hub& hub) -> absl::Status {
            ASSIGN_OR_RETURN(hub.progress_deadline, ParseSeconds(text));
            return absl::OkStatus();
          });
}

}  // namespace prepull
