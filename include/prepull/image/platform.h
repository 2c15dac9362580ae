// The platform that an image was built for, and which platforms a node runs.
// Pure.
//
// Source: https://github.com/opencontainers/image-spec/blob/main/config.md;
// what runs where as in https://github.com/containerd/platforms, compare.go
#ifndef PREPULL_IMAGE_PLATFORM_H_
#define PREPULL_IMAGE_PLATFORM_H_

#include <string>

namespace prepull {

// Go's names: "linux", "arm64", "v8". Empty: unknown.
struct Platform {
  std::string os = "";
  std::string architecture = "";
  std::string variant = "";
};

// Returns the platform that this program was built for.
Platform OwnPlatform();

// Returns "linux/arm64", "linux/arm/v7": printable, at most 64 bytes.
std::string PlatformName(const Platform& platform);

// Whether a node with platform `node` runs images for `image`: the same
// operating system, and the same architecture or its 32-bit form, by any of its
// usual names. Ignores variants: an older one runs, and a newer one may.
bool RunsOn(const Platform& image, const Platform& node);

}  // namespace prepull

#endif  // PREPULL_IMAGE_PLATFORM_H_
