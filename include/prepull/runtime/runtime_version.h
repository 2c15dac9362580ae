// What a runtime's name and version say of it. Pure.
#ifndef PREPULL_RUNTIME_RUNTIME_VERSION_H_
#define PREPULL_RUNTIME_RUNTIME_VERSION_H_

#include <compare>
#include <optional>
#include <tuple>

#include "absl/strings/string_view.h"

namespace prepull {

struct VersionNumber {
  int major = 0;
  int minor = 0;
  int patch = 0;

  friend constexpr bool operator==(const VersionNumber& a,
                                   const VersionNumber& b) {
    return std::tie(a.major, a.minor, a.patch) ==
           std::tie(b.major, b.minor, b.patch);
  }
  friend constexpr std::strong_ordering operator<=>(const VersionNumber& a,
                                                    const VersionNumber& b) {
    return std::tie(a.major, a.minor, a.patch) <=>
           std::tie(b.major, b.minor, b.patch);
  }
};

// The number in "1.6.20~ds1" (Debian) or "v2.1.9" (upstream); none if there
// are not at least two parts.
std::optional<VersionNumber> ParseVersion(absl::string_view text);

// Whether such a runtime reports a pinned image as pinned, so that the kubelet
// leaves it alone. A version that cannot be read is given the benefit of the
// doubt: what the runtime reports afterwards decides.
// Source: containerd's release notes, https://github.com/containerd/containerd
// pulls 8720 (1.6) and 8718 (1.7).
bool HeedsPins(absl::string_view runtime, absl::string_view version);

// Returns how many downloads the runtime does at once on the whole node; 0 =
// it limits them by image only. containerd 2.1 and later have one semaphore of
// 3 downloads.
int NodeDownloadSlots(absl::string_view runtime, absl::string_view version);

// Whether two pulls that need the same layer download it once. CRI-O fetches it
// for each of them.
bool SharesDownloads(absl::string_view runtime);

// Whether the runtime goes on, within a pull, with a download that broke off.
// CRI-O does since 1.27, whose containers/image 5.25 was the first that did.
bool ResumesWithinPull(absl::string_view runtime, absl::string_view version);

// Whether it does so only 1 MiB or a minute after the last time.
bool ResumesRarely(absl::string_view runtime);

// How many pulls to run at once.
struct PullSlots {
  int pulls = 10;
  int downloads = 0;  // those that still download; 0 = all of them
};

// Returns what suits the runtime. Where the whole node has few download slots,
// one more than these may download, because a longer queue of ours would delay
// the kubelet, and the others unpack. `layer_order`: no two pulls fetch the
// same layer, though the runtime would.
PullSlots DefaultSlots(absl::string_view runtime, absl::string_view version,
                       bool layer_order);

}  // namespace prepull

#endif  // PREPULL_RUNTIME_RUNTIME_VERSION_H_
