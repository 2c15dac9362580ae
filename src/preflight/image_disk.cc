#include "prepull/preflight/image_disk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kLongestPath = 512;

// With one digit behind the point, because here the difference of two sizes
// matters: "12.3GB", "900.0MB".
std::string Amount(int64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B",  "kB", "MB",
                                                 "GB", "TB", "PB"};
  double amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 999.95 && unit + 1 < kUnits.size()) {
    amount /= 1000;
    ++unit;
  }
  return absl::StrFormat("%.*f%s", unit == 0 ? 0 : 1, amount, kUnits[unit]);
}

// 0 to 100, rounded down: 84.9% is not 85%.
int64_t PercentUsed(const DiskUsage& usage) {
  return static_cast<int64_t>(100.0 * static_cast<double>(usage.used_bytes) /
                              static_cast<double>(usage.size_bytes));
}

std::string Place(const ImageDisk& disk) {
  return absl::StrCat("image file system ",
                      Printable(disk.images.mountpoint, kLongestPath));
}

// What is short is a failure only where somebody said what is needed.
CheckResult Short(const DiskDemand& demand) {
  return demand.space_required_bytes ? CheckResult::kFailed
                                     : CheckResult::kWarning;
}

Finding Unseen(const ImageDisk& disk, const DiskDemand& demand) {
  const absl::StatusCode code = disk.usage.status().code();
  const bool is_hidden = code == absl::StatusCode::kNotFound ||
                         code == absl::StatusCode::kPermissionDenied;
  return {.check = "disk",
          .result = Short(demand),
          .detail = absl::StrCat(
              "image file system cannot be seen from here: ",
              Printable(disk.usage.status().message(), kLongestPath),
              is_hidden ? "; in a container mount the host's root and name it "
                          "with --host-root"
                        : "")};
}

// Bytes are short: below what is required.
Finding TooSmall(const ImageDisk& disk, const DiskDemand& demand,
                 int64_t available) {
  const int64_t required = *demand.space_required_bytes;
  const std::string room =
      available > 0 ? Amount(available) : std::string("nothing");
  return {
      .check = "disk",
      .result = CheckResult::kFailed,
      .detail = absl::StrCat(
          Place(disk), ": ", room, " available below ",
          demand.gc_high_threshold_percent, "% of ",
          Amount(disk.usage->size_bytes), ", ", Amount(required), " required (",
          Amount(required - std::max<int64_t>(available, 0)), " short)")};
}

Finding JudgeBytes(const ImageDisk& disk, const DiskDemand& demand) {
  const DiskUsage& usage = *disk.usage;
  if (usage.size_bytes <= 0) {
    return {.check = "disk",
            .result = Short(demand),
            .detail = absl::StrCat(Place(disk), " does not say its size")};
  }
  const int high = demand.gc_high_threshold_percent;
  const int64_t available = BytesBelowThreshold(usage, high);
  if (demand.space_required_bytes && available < *demand.space_required_bytes) {
    return TooSmall(disk, demand, available);
  }
  if (available <= 0) {
    return {.check = "disk",
            .result = CheckResult::kWarning,
            .detail = absl::StrCat(
                Place(disk), ": ", Amount(usage.used_bytes), " of ",
                Amount(usage.size_bytes), " used (", PercentUsed(usage),
                "%), not below ", high,
                "%: the kubelet may delete images that nothing uses yet")};
  }
  return {.check = "disk",
          .detail = absl::StrCat(Place(disk), ": ", Amount(available),
                                 " available below ", high, "% of ",
                                 Amount(usage.size_bytes))};
}

Finding JudgeInodes(const ImageDisk& disk, const DiskDemand& demand) {
  const DiskUsage& usage = *disk.usage;
  if (usage.inodes <= 0) {
    return {.check = "inodes",
            .detail = absl::StrCat(Place(disk), " counts none")};
  }
  const std::string free = absl::StrCat(Place(disk), ": ", usage.free_inodes,
                                        " of ", usage.inodes, " free");
  if (!LacksInodes(usage)) return {.check = "inodes", .detail = free};
  return {.check = "inodes",
          .result = Short(demand),
          .detail = absl::StrCat(free, ", less than 1%")};
}

}  // namespace

int64_t BytesBelowThreshold(const DiskUsage& usage, int percent) {
  // In two parts, because 100 times a size may be too large.
  const int64_t threshold =
      usage.size_bytes / 100 * percent + usage.size_bytes % 100 * percent / 100;
  return threshold - usage.used_bytes;
}

bool LacksInodes(const DiskUsage& usage) {
  return usage.inodes > 0 && static_cast<double>(usage.free_inodes) <
                                 static_cast<double>(usage.inodes) / 100;
}

absl::StatusOr<ImageDisk> LookAtImageDisk(ContainerRuntime& runtime,
                                          FileSystem& files,
                                          const std::string& host_root,
                                          absl::Duration timeout,
                                          const std::stop_token& stop) {
  absl::StatusOr<std::vector<ImageFileSystem>> places =
      runtime.ImageFileSystems(timeout, stop);
  if (!places.ok()) return places.status();
  if (places->empty() || places->front().mountpoint.empty()) {
    return absl::NotFoundError("it names no image file system");
  }
  ImageFileSystem& images = places->front();
  // A relative path would be looked up from wherever we were started.
  absl::StatusOr<DiskUsage> usage =
      absl::StartsWith(images.mountpoint, "/")
          ? files.Usage(host_root, images.mountpoint)
          : absl::InvalidArgumentError(
                absl::StrCat(images.mountpoint, ": not an absolute path"));
  return ImageDisk{std::move(images), std::move(usage)};
}

std::vector<Finding> JudgeImageDisk(const absl::StatusOr<ImageDisk>& disk,
                                    const DiskDemand& demand) {
  if (!disk.ok()) {
    return {{.check = "disk",
             .result = Short(demand),
             .detail = absl::StrCat(
                 "the runtime does not say where its images are: ",
                 Printable(disk.status().message(), kLongestPath))}};
  }
  if (!disk->usage.ok()) return {Unseen(*disk, demand)};
  return {JudgeBytes(*disk, demand), JudgeInodes(*disk, demand)};
}

}  // namespace prepull
