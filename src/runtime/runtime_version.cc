#include "prepull/runtime/runtime_version.h"

#include <cstdio>
#include <string>

#include "absl/strings/strip.h"

namespace prepull {

std::optional<VersionNumber> ParseVersion(absl::string_view text) {
  const std::string number(absl::StripPrefix(text, "v"));
  VersionNumber version;
  if (std::sscanf(number.c_str(), "%d.%d.%d", &version.major, &version.minor,
                  &version.patch) < 2) {
    return std::nullopt;
  }
  return version;
}

bool HeedsPins(absl::string_view runtime, absl::string_view version) {
  if (runtime != "containerd") return false;
  const std::optional<VersionNumber> number = ParseVersion(version);
  if (!number) return true;
  if (number->major == 1 && number->minor == 6) return number->patch >= 24;
  return *number >= VersionNumber{1, 7, 3};
}

int NodeDownloadSlots(absl::string_view runtime, absl::string_view version) {
  if (runtime != "containerd") return 0;
  const std::optional<VersionNumber> number = ParseVersion(version);
  return number && *number >= VersionNumber{2, 1, 0} ? 3 : 0;
}

bool SharesDownloads(absl::string_view runtime) { return runtime != "cri-o"; }

bool ResumesWithinPull(absl::string_view runtime, absl::string_view version) {
  if (runtime == "containerd") return true;
  if (runtime != "cri-o") return false;
  const std::optional<VersionNumber> number = ParseVersion(version);
  return number && *number >= VersionNumber{1, 27, 0};
}

bool ResumesRarely(absl::string_view runtime) { return runtime == "cri-o"; }

PullSlots DefaultSlots(absl::string_view runtime, absl::string_view version,
                       bool layer_order) {
  // In the order of layers five are as fast as ten on loopback, and faster on a
  // link; without it more than three fetch shared layers too often.
  if (!SharesDownloads(runtime)) return {.pulls = layer_order ? 5 : 3};
  const int slots = NodeDownloadSlots(runtime, version);
  return {.downloads = slots == 0 ? 0 : slots + 1};
}

}  // namespace prepull
