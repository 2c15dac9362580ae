// Whether the disk that images go to has room for more, below the usage at
// which the kubelet begins to delete images.
//
// Looking and judging are apart: LookAtImageDisk asks the runtime and the
// file system, the rest is pure.
// Source: the formula is that of TALM's pre-cache
// (https://github.com/openshift-kni/cluster-group-upgrades-operator,
// pre-cache/check_space.sh): high/100 * size - used >= required.
#ifndef PREPULL_PREFLIGHT_IMAGE_DISK_H_
#define PREPULL_PREFLIGHT_IMAGE_DISK_H_

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/base/file_system.h"
#include "prepull/preflight/finding.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

// What is asked of the disk.
struct DiskDemand {
  // Unset: a node that is short of anything is a warning, not a failure.
  std::optional<int64_t> space_required_bytes = std::nullopt;
  // The kubelet's imageGCHighThresholdPercent, 1 to 100.
  int gc_high_threshold_percent = 85;
};

// The file system that pulled images go to, and how full it is if it can be
// seen from here.
struct ImageDisk {
  ImageFileSystem images;
  absl::StatusOr<DiskUsage> usage;
};

// What can be written until the usage is at `percent` of the size; negative
// above that.
int64_t BytesBelowThreshold(const DiskUsage& usage, int percent);

// Less than 1% of the inodes are free. Never where none are counted.
bool LacksInodes(const DiskUsage& usage);

// Asks `runtime` where its images are, and looks there. Of several places the
// first counts: it is the default one, and the kubelet's. `host_root`: where
// the host's root is to be seen, "/" if this is the host. Errors: NOT_FOUND
// the runtime names no place; others as the runtime says.
absl::StatusOr<ImageDisk> LookAtImageDisk(ContainerRuntime& runtime,
                                          FileSystem& files,
                                          const std::string& host_root,
                                          absl::Duration timeout,
                                          const std::stop_token& stop);

// One finding on the bytes and one on the inodes, or one that says why there
// are none. What cannot be judged fails where space is required.
std::vector<Finding> JudgeImageDisk(const absl::StatusOr<ImageDisk>& disk,
                                    const DiskDemand& demand);

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_IMAGE_DISK_H_
