#include "prepull/preflight/image_disk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/runtime/connect.h"

namespace prepull {
namespace {

constexpr size_t kMaxPath = 512;
constexpr absl::Duration kCheckTimeout = absl::Seconds(10);
// The end of the run waits for it.
constexpr absl::Duration kWarnTimeout = absl::Seconds(1);

// Formats with one decimal, because here the difference of two sizes matters:
// "12.3GB", "900.0MB".
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

// Returns 0 to 100, rounded down: 84.9% is not 85%.
int64_t PercentUsed(const DiskUsage& usage) {
  return static_cast<int64_t>(100.0 * static_cast<double>(usage.used_bytes) /
                              static_cast<double>(usage.size_bytes));
}

std::string PathOf(const ImageDisk& disk) {
  return absl::StrCat("image file system ",
                      Printable(disk.images.mountpoint, kMaxPath));
}

CheckResult Short(const DiskRequirements& required) {
  return required.fails() ? CheckResult::kFailed : CheckResult::kWarning;
}

Finding Unreadable(const ImageDisk& disk, const DiskRequirements& required) {
  const absl::StatusCode code = disk.usage.status().code();
  const bool is_hidden = code == absl::StatusCode::kNotFound ||
                         code == absl::StatusCode::kPermissionDenied;
  return {.check = "disk",
          .result = Short(required),
          .detail = absl::StrCat(
              "image file system cannot be seen from here: ",
              Printable(disk.usage.status().message(), kMaxPath),
              is_hidden ? "; in a container mount the host's root and give it "
                          "as --host-root"
                        : "")};
}

Finding TooSmall(const ImageDisk& disk, const DiskRequirements& required,
                 int64_t available) {
  const int64_t bytes = *required.space_required_bytes;
  const std::string room =
      available > 0 ? Amount(available) : std::string("nothing");
  return {
      .check = "disk",
      .result = CheckResult::kFailed,
      .detail = absl::StrCat(
          PathOf(disk), ": ", room, " available below ",
          required.gc_high_threshold_percent, "% of ",
          Amount(disk.usage->size_bytes), ", ", Amount(bytes), " required (",
          Amount(bytes - std::max<int64_t>(available, 0)), " short)")};
}

Finding TooFull(const ImageDisk& disk, int max_percent) {
  return {
      .check = "disk",
      .result = CheckResult::kFailed,
      .detail = absl::StrCat(PathOf(disk), ": ", Amount(disk.usage->used_bytes),
                             " of ", Amount(disk.usage->size_bytes),
                             " used, more than ", max_percent, "%")};
}

Finding EvaluateBytes(const ImageDisk& disk, const DiskRequirements& required) {
  const DiskUsage& usage = *disk.usage;
  if (usage.size_bytes <= 0) {
    return {.check = "disk",
            .result = Short(required),
            .detail = absl::StrCat(PathOf(disk), ": size unknown")};
  }
  const int high = required.gc_high_threshold_percent;
  const int64_t available = BytesBelowThreshold(usage, high);
  if (required.space_required_bytes &&
      available < *required.space_required_bytes) {
    return TooSmall(disk, required, available);
  }
  if (required.max_used_percent &&
      BytesBelowThreshold(usage, *required.max_used_percent) < 0) {
    return TooFull(disk, *required.max_used_percent);
  }
  if (available <= 0) {
    return {.check = "disk",
            .result = CheckResult::kWarning,
            .detail = absl::StrCat(
                PathOf(disk), ": ", Amount(usage.used_bytes), " of ",
                Amount(usage.size_bytes), " used (", PercentUsed(usage),
                "%), not below ", high,
                "%: the kubelet may delete images that nothing uses yet")};
  }
  return {.check = "disk",
          .detail = absl::StrCat(PathOf(disk), ": ", Amount(available),
                                 " available below ", high, "% of ",
                                 Amount(usage.size_bytes))};
}

Finding EvaluateInodes(const ImageDisk& disk,
                       const DiskRequirements& required) {
  const DiskUsage& usage = *disk.usage;
  if (usage.inodes <= 0) {
    return {.check = "inodes",
            .detail = absl::StrCat(PathOf(disk), ": not counted")};
  }
  const std::string free = absl::StrCat(PathOf(disk), ": ", usage.free_inodes,
                                        " of ", usage.inodes, " free");
  if (!LacksInodes(usage)) return {.check = "inodes", .detail = free};
  return {.check = "inodes",
          .result = Short(required),
          .detail = absl::StrCat(free, ", less than 1%")};
}

}  // namespace

int64_t BytesBelowThreshold(const DiskUsage& usage, int percent) {
  // In two parts, because 100 times a size may overflow.
  const int64_t threshold =
      usage.size_bytes / 100 * percent + usage.size_bytes % 100 * percent / 100;
  return threshold - usage.used_bytes;
}

bool LacksInodes(const DiskUsage& usage) {
  return usage.inodes > 0 && static_cast<double>(usage.free_inodes) <
                                 static_cast<double>(usage.inodes) / 100;
}

absl::StatusOr<ImageDisk> ReadImageDisk(ContainerRuntime& runtime,
                                        FileSystem& files,
                                        const std::string& host_root,
                                        absl::Duration timeout,
                                        const std::stop_token& stop) {
  absl::StatusOr<std::vector<ImageFileSystem>> places =
      runtime.ImageFileSystems(timeout, stop);
  if (!places.ok()) return places.status();
  if (places->empty() || places->front().mountpoint.empty()) {
    return absl::NotFoundError("no image file system reported");
  }
  ImageFileSystem& images = places->front();
  // A relative path would depend on the working directory.
  absl::StatusOr<DiskUsage> usage =
      absl::StartsWith(images.mountpoint, "/")
          ? files.Usage(host_root, images.mountpoint)
          : absl::InvalidArgumentError(
                absl::StrCat(images.mountpoint, ": expected an absolute path"));
  return ImageDisk{std::move(images), std::move(usage)};
}

std::vector<Finding> EvaluateImageDisk(const absl::StatusOr<ImageDisk>& disk,
                                       const DiskRequirements& required) {
  if (!disk.ok()) {
    return {
        {.check = "disk",
         .result = Short(required),
         .detail = absl::StrCat("image file system unknown: ",
                                Printable(disk.status().message(), kMaxPath))}};
  }
  if (!disk->usage.ok()) return {Unreadable(*disk, required)};
  return {EvaluateBytes(*disk, required), EvaluateInodes(*disk, required)};
}

absl::Status CheckDisk(const PreflightOptions& options,
                       ContainerRuntime& runtime, FileSystem& files,
                       absl::Duration timeout, const std::stop_token& stop) {
  const bool is_required = options.disk.fails();
  const absl::StatusOr<ImageDisk> disk =
      ReadImageDisk(runtime, files, options.host_root,
                    std::min(timeout, kCheckTimeout), stop);
  if (IsUnreachable(disk.status())) {
    return is_required ? Annotate(disk.status(), "read image file system")
                       : absl::OkStatus();
  }
  // A run without a requirement needs no warning that nothing can be checked.
  if (!is_required && absl::IsNotFound(disk.status())) return absl::OkStatus();
  std::vector<std::string> failures;
  for (const Finding& finding : EvaluateImageDisk(disk, options.disk)) {
    if (finding.result == CheckResult::kFailed)
      failures.push_back(finding.detail);
    if (finding.result == CheckResult::kWarning) {
      Log(LogLevel::kWarn, finding.detail);
    }
  }
  if (failures.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(failures, "; "));
}

std::optional<int64_t> FreeBytes(const absl::StatusOr<ImageDisk>& disk) {
  if (!disk.ok() || !disk->usage.ok() || disk->usage->size_bytes <= 0) {
    return std::nullopt;
  }
  return disk->usage->size_bytes - disk->usage->used_bytes;
}

void WarnOfFullDisk(const PreflightOptions& options, ContainerRuntime& runtime,
                    FileSystem& files, const std::stop_token& stop) {
  const absl::StatusOr<ImageDisk> disk =
      ReadImageDisk(runtime, files, options.host_root, kWarnTimeout, stop);
  // What cannot be read was reported before the pulls, and the space that was
  // required is used by now.
  if (!disk.ok() || !disk->usage.ok()) return;
  const DiskRequirements threshold_only = {
      .gc_high_threshold_percent = options.disk.gc_high_threshold_percent};
  for (const Finding& finding : EvaluateImageDisk(disk, threshold_only)) {
    if (finding.result == CheckResult::kOk) continue;
    Log(LogLevel::kWarn, finding.detail);
  }
}

}  // namespace prepull
