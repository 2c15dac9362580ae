#include "src/cli/concurrency.h"

#include "prepull/runtime/runtime_version.h"

namespace prepull {

int AutoConcurrency(const RuntimeFacts& runtime) {
  const int slots = NodeDownloadSlots(runtime);
  return slots == 0 ? 10 : slots + 1;
}

int NodeDownloadSlots(const RuntimeFacts& runtime) {
  if (runtime.name != "containerd") return 0;
  const std::optional<VersionNumber> version = ParseVersion(runtime.version);
  return version && *version >= VersionNumber{2, 1, 0} ? 3 : 0;
}

}  // namespace prepull
