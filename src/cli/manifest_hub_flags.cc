// The flags of manifest hub.
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
