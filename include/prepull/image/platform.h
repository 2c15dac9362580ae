// The platform that an image was built for, and which of them a node runs.
// Pure.
//
// Source: https://github.com/opencontainers/image-spec/blob/main/config.md;
// what runs where as in https://github.com/containerd/platforms, compare.go
#ifndef PREPULL_IMAGE_PLATFORM_H_
#define PREPULL_IMAGE_PLATFORM_H_

#include <string>

namespace prepull {

// As Go names them: "linux", "arm64", "v8". Empty: not said.
struct Platform {
  std::string os = "";
  std::string architecture = "";
  std::string variant = "";
};

// The one that this program was built for.
Platform OwnPlatform();

// "linux/arm64", "linux/arm/v7": printable, at most 64 bytes.
std::string PlatformName(const Platform& platform);

// Whether a node of platform `node` runs what was built for `image`: the same
// operating system, and the same architecture or its 32-bit form, under any of
// its usual names. Variants are not looked at: an older one runs, and whether
// a newer one does depends on the image.
bool RunsOn(const Platform& image, const Platform& node);

}  // namespace prepull

#endif  // PREPULL_IMAGE_PLATFORM_H_
