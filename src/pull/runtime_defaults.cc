#include "prepull/pull/runtime_defaults.h"

#include "prepull/runtime/runtime_version.h"

namespace prepull {

PullOptions WithRuntimeDefaults(PullOptions options,
                                const RuntimeFacts& runtime) {
  options.layer_order = options.layer_order && !SharesDownloads(runtime.name);
  options.node_download_slots =
      NodeDownloadSlots(runtime.name, runtime.version);
  options.resumes_within_pull =
      ResumesWithinPull(runtime.name, runtime.version);
  options.resumes_rarely = ResumesRarely(runtime.name);
  if (options.concurrency == 0) {
    const PullSlots slots =
        DefaultSlots(runtime.name, runtime.version, options.layer_order);
    options.concurrency = slots.pulls;
    options.downloads = slots.downloads;
    options.lends_slots = !SharesDownloads(runtime.name);
  }
  return options;
}

}  // namespace prepull
