#include "src/cli/concurrency.h"

#include <cstdio>

#include "absl/strings/strip.h"

namespace prepull {

int AutoConcurrency(const RuntimeFacts& runtime) {
  const int slots = NodeDownloadSlots(runtime);
  return slots == 0 ? 10 : slots + 1;
}

int NodeDownloadSlots(const RuntimeFacts& runtime) {
  if (runtime.name != "containerd") return 0;
  // "1.6.20~ds1" on Debian, "v2.1.9" upstream.
  const std::string version(absl::StripPrefix(runtime.version, "v"));
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2) return 0;
  return major > 2 || (major == 2 && minor >= 1) ? 3 : 0;
}

}  // namespace prepull
