// Whether the disk of the images has space for more, below the usage at which
// the kubelet begins to delete images.
//
// ReadImageDisk asks the runtime and the file system, EvaluateImageDisk is
// pure; CheckDisk and WarnOfFullDisk do both for a run.
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

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/base/file_system.h"
#include "prepull/preflight/finding.h"
#include "prepull/preflight/node_load.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

struct DiskRequirements {
  // Unset: no amount is needed.
  std::optional<int64_t> space_required_bytes = std::nullopt;
  // The kubelet's imageGCHighThresholdPercent, 1 to 100.
  int gc_high_threshold_percent = 85;
  // More in use fails the node; unset: only what is above says so.
  std::optional<int> max_used_percent = std::nullopt;

  // Whether too little of anything, or what cannot be read, fails the node.
  bool fails() const { return space_required_bytes || max_used_percent; }
};

// The file system of the images, and its usage if it can be seen from here.
struct ImageDisk {
  ImageFileSystem images;
  absl::StatusOr<DiskUsage> usage;
};

// Returns how many bytes can be written until the usage is `percent` of the
// size; negative above that.
int64_t BytesBelowThreshold(const DiskUsage& usage, int percent);

// Whether less than 1% of the inodes are free. False where the file system
// does not count them.
bool LacksInodes(const DiskUsage& usage);

// Asks `runtime` for the file system of its images and reads its usage. Of
// several the first counts: it is the default one, and the kubelet's.
// `host_root`: where the host's root is mounted, "/" on the host itself.
// Errors: NOT_FOUND  the runtime names none; others as the runtime reports.
absl::StatusOr<ImageDisk> ReadImageDisk(ContainerRuntime& runtime,
                                        FileSystem& files,
                                        const std::string& host_root,
                                        absl::Duration timeout,
                                        const std::stop_token& stop);

// Returns one finding on the bytes and one on the inodes, or one that says why
// there are none. What cannot be read is a failure if `required` has it so.
std::vector<Finding> EvaluateImageDisk(const absl::StatusOr<ImageDisk>& disk,
                                       const DiskRequirements& required);

struct PreflightOptions {
  DiskRequirements disk;
  LoadItems load;
  std::string host_root = "/";
};

// Checks the disk of the images before a run, within 10 s and `timeout`, and
// logs warnings. Errors:
//   FAILED_PRECONDITION  the node is not fit: the message has the numbers
//   IsUnreachable        the runtime does not answer, and there has to be space
absl::Status CheckDisk(const PreflightOptions& options,
                       ContainerRuntime& runtime, FileSystem& files,
                       absl::Duration timeout, const std::stop_token& stop);

// Returns how many bytes are free on the disk, unless that cannot be read.
std::optional<int64_t> FreeBytes(const absl::StatusOr<ImageDisk>& disk);

// Logs a warning if the disk is full after the pulls; takes 1 s at most.
void WarnOfFullDisk(const PreflightOptions& options, ContainerRuntime& runtime,
                    FileSystem& files, const std::stop_token& stop);

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_IMAGE_DISK_H_
