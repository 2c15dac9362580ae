// What a runtime tells of an image when it is asked verbosely. Pure.
//
// CRI leaves the shape to the runtime; containerd and CRI-O both answer with
// the image's config under "imageSpec".
// Source: https://github.com/containerd/containerd,
// internal/cri/server/images/image_status.go;
// https://github.com/cri-o/cri-o, server/image_status.go
#ifndef PREPULL_SRC_RUNTIME_IMAGE_INFO_H_
#define PREPULL_SRC_RUNTIME_IMAGE_INFO_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "prepull/image/platform.h"

namespace prepull {

// The platform in `info_json`, which is ImageStatusResponse.info["info"];
// nothing unless it names an operating system and an architecture.
std::optional<Platform> PlatformOfInfo(absl::string_view info_json);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_IMAGE_INFO_H_
