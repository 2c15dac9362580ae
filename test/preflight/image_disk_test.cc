#include "prepull/preflight/image_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_runtime.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr int64_t kKib = 1024;
constexpr int64_t kGib = 1024 * 1024 * kKib;

// What TALM's check_space.sh (commit 72843fea) ends with for these outputs of
// df, which are in KiB; 0 GiB: only usage below the threshold is asked for.
// Each result was had from its own awk line.
struct TalmRow {
  int high;
  int64_t size_kib;
  int64_t used_kib;
  int64_t required_gib;
  bool fits;
};

constexpr TalmRow kTalmRows[] = {
    {85, 100000000, 50000000, 30, true},
    {85, 100000000, 50000000, 33, true},
    {85, 100000000, 50000000, 34, false},
    {85, 104857600, 52428800, 35, true},  // to the byte
    {85, 104857600, 52428800, 36, false},
    {85, 125829120, 0, 102, true},
    {85, 125829120, 0, 103, false},
    {90, 104857600, 52428800, 40, true},
    {90, 104857600, 52428800, 41, false},
    {85, 1000, 849, 0, true},
    {85, 1000, 850, 0, false},
    {85, 1000, 851, 0, false},
    {85, 104857600, 89128960, 0, false},
};

DiskUsage Usage(int64_t size, int64_t used) {
  return {.size_bytes = size, .used_bytes = used};
}

TEST(BytesBelowThresholdTest, AgreesWithTalm) {
  for (const TalmRow& row : kTalmRows) {
    const int64_t available = BytesBelowThreshold(
        Usage(row.size_kib * kKib, row.used_kib * kKib), row.high);

    const bool fits = row.required_gib == 0
                          ? available > 0
                          : available >= row.required_gib * kGib;
    EXPECT_EQ(fits, row.fits)
        << row.size_kib << " " << row.used_kib << " " << row.required_gib;
  }
}

TEST(BytesBelowThresholdTest, IsNegativeAboveTheThreshold) {
  EXPECT_EQ(BytesBelowThreshold(Usage(1000, 900), 85), -50);
  EXPECT_EQ(BytesBelowThreshold(Usage(1000, 900), 100), 100);
}

TEST(BytesBelowThresholdTest, IsExactForAnySize) {
  const int64_t largest = std::numeric_limits<int64_t>::max();

  EXPECT_EQ(BytesBelowThreshold(Usage(largest, 0), 100), largest);
  EXPECT_EQ(BytesBelowThreshold(Usage(199, 0), 85), 169);
}

TEST(LacksInodesTest, BeginsBelowOnePercent) {
  EXPECT_FALSE(LacksInodes({.inodes = 1000, .free_inodes = 10}));
  EXPECT_TRUE(LacksInodes({.inodes = 1000, .free_inodes = 9}));
  EXPECT_TRUE(LacksInodes({.inodes = 50, .free_inodes = 0}));
}

TEST(LacksInodesTest, IsNeverTrueWhereNoneAreCounted) {
  EXPECT_FALSE(LacksInodes({.inodes = 0, .free_inodes = 0}));
}

class EvaluateImageDiskTest : public ::testing::Test {
 protected:
  static absl::StatusOr<ImageDisk> Disk(absl::StatusOr<DiskUsage> usage) {
    return ImageDisk{{.mountpoint = "/var/lib/containerd"}, std::move(usage)};
  }
  static DiskUsage Plenty() {
    return {.size_bytes = 100'000'000'000,
            .used_bytes = 50'000'000'000,
            .inodes = 1000,
            .free_inodes = 500};
  }
  static auto Found(const std::string& check, CheckResult result,
                    const std::string& detail) {
    return AllOf(Field(&Finding::check, check), Field(&Finding::result, result),
                 Field(&Finding::detail, HasSubstr(detail)));
  }
};

TEST_F(EvaluateImageDiskTest, SaysHowMuchIsAvailable) {
  EXPECT_THAT(
      EvaluateImageDisk(Disk(Plenty()),
                        {.space_required_bytes = 35'000'000'000}),
      ElementsAre(Found("disk", CheckResult::kOk,
                        "image file system /var/lib/containerd: 35.0GB "
                        "available below 85% of 100.0GB"),
                  Found("inodes", CheckResult::kOk, "500 of 1000 free")));
}

TEST_F(EvaluateImageDiskTest, SaysHowMuchIsMissing) {
  DiskUsage usage = Plenty();
  usage.used_bytes = 72'700'000'000;

  EXPECT_THAT(
      EvaluateImageDisk(Disk(usage),
                        {.space_required_bytes = 35'000'000'000})[0],
      Found("disk", CheckResult::kFailed,
            "image file system /var/lib/containerd: 12.3GB available below "
            "85% of 100.0GB, 35.0GB required (22.7GB short)"));
}

TEST_F(EvaluateImageDiskTest, AboveTheThresholdNothingIsAvailable) {
  DiskUsage usage = Plenty();
  usage.used_bytes = 90'000'000'000;

  EXPECT_THAT(
      EvaluateImageDisk(Disk(usage),
                        {.space_required_bytes = 1'000'000'000})[0],
      Found("disk", CheckResult::kFailed,
            "nothing available below 85% of 100.0GB, 1.0GB required (1.0GB "
            "short)"));
}

TEST_F(EvaluateImageDiskTest, WithoutADemandAFullDiskIsAWarning) {
  DiskUsage usage = Plenty();
  usage.used_bytes = 85'000'000'000;
  usage.free_inodes = 1;

  EXPECT_THAT(EvaluateImageDisk(Disk(usage), {}),
              ElementsAre(Found("disk", CheckResult::kWarning,
                                "85.0GB of 100.0GB used (85%), not below 85%"),
                          Found("inodes", CheckResult::kWarning,
                                "1 of 1000 free, less than 1%")));
}

TEST_F(EvaluateImageDiskTest, ALimitOfItsUseIsOneToStayWithin) {
  const DiskRequirements limit = {.max_used_percent = 80};
  DiskUsage usage = Plenty();

  usage.used_bytes = 80'000'000'000;
  EXPECT_EQ(EvaluateImageDisk(Disk(usage), limit)[0].result, CheckResult::kOk);
  usage.used_bytes += 1;
  EXPECT_THAT(EvaluateImageDisk(Disk(usage), limit)[0],
              Found("disk", CheckResult::kFailed,
                    "80.0GB of 100.0GB used, more than 80%"));
  EXPECT_EQ(
      EvaluateImageDisk(Disk(absl::NotFoundError("none")), limit)[0].result,
      CheckResult::kFailed);
}

TEST_F(EvaluateImageDiskTest, WithADemandTooFewInodesAreAFailure) {
  DiskUsage usage = Plenty();
  usage.free_inodes = 1;

  EXPECT_THAT(EvaluateImageDisk(Disk(usage), {.space_required_bytes = 1})[1],
              Found("inodes", CheckResult::kFailed, "less than 1%"));
}

TEST_F(EvaluateImageDiskTest, UncountedInodesAreFine) {
  EXPECT_THAT(EvaluateImageDisk(Disk(Usage(kGib, 0)), {})[1],
              Found("inodes", CheckResult::kOk, "not counted"));
}

TEST_F(EvaluateImageDiskTest, WhatCannotBeSeenFailsOnlyWithADemand) {
  const absl::StatusOr<ImageDisk> hidden =
      Disk(absl::NotFoundError("/var/lib/containerd: no such file"));

  EXPECT_THAT(EvaluateImageDisk(hidden, {}),
              ElementsAre(Found("disk", CheckResult::kWarning, "--host-root")));
  EXPECT_THAT(EvaluateImageDisk(hidden, {.space_required_bytes = 1}),
              ElementsAre(Found("disk", CheckResult::kFailed,
                                "cannot be seen from here: "
                                "/var/lib/containerd: no such file")));
}

TEST_F(EvaluateImageDiskTest, WhatSaysNoSizeFailsOnlyWithADemand) {
  EXPECT_THAT(EvaluateImageDisk(Disk(DiskUsage()), {})[0],
              Found("disk", CheckResult::kWarning, "size unknown"));
  EXPECT_THAT(
      EvaluateImageDisk(Disk(DiskUsage()), {.space_required_bytes = 1})[0],
      Found("disk", CheckResult::kFailed, "size unknown"));
}

TEST_F(EvaluateImageDiskTest, ARuntimeThatSaysNothingFailsOnlyWithADemand) {
  const absl::StatusOr<ImageDisk> nothing =
      absl::UnimplementedError("unknown method");

  EXPECT_THAT(
      EvaluateImageDisk(nothing, {}),
      ElementsAre(Found("disk", CheckResult::kWarning, "unknown method")));
  EXPECT_THAT(
      EvaluateImageDisk(nothing, {.space_required_bytes = 1}),
      ElementsAre(Found("disk", CheckResult::kFailed, "unknown method")));
}

class ReadImageDiskTest : public ::testing::Test {
 protected:
  absl::StatusOr<ImageDisk> Look(const std::string& host_root) {
    return ReadImageDisk(runtime_, files_, host_root, absl::Seconds(1), {});
  }

  FakeClock clock_;
  FakeRuntime runtime_{clock_};
  FakeFileSystem files_;
};

TEST_F(ReadImageDiskTest, LooksBelowTheHostsRoot) {
  runtime_.SetImageFileSystems({{{"/images", 7}}});
  files_.SetUsage("/host", "/images", DiskUsage{.size_bytes = 100});

  const absl::StatusOr<ImageDisk> disk = Look("/host");

  ASSERT_THAT(disk, IsOk());
  EXPECT_EQ(disk->images.image_bytes, 7);
  EXPECT_EQ(disk->usage->size_bytes, 100);
  EXPECT_THAT(Look("/")->usage, StatusIs(absl::StatusCode::kNotFound));
}

// containerd puts the default snapshotter first and then those of other
// runtime classes, which may have no place that we know of.
TEST_F(ReadImageDiskTest, TheFirstPlaceCounts) {
  runtime_.SetImageFileSystems({{{"/images"}, {""}, {"/other"}}});
  files_.SetUsage("/", "/images", DiskUsage{.size_bytes = 100});

  const absl::StatusOr<ImageDisk> disk = Look("/");

  ASSERT_THAT(disk, IsOk());
  EXPECT_EQ(disk->images.mountpoint, "/images");
}

TEST_F(ReadImageDiskTest, DoesNotLookUpARelativePath) {
  runtime_.SetImageFileSystems({{{"images"}}});
  files_.SetUsage("/", "images", DiskUsage());

  EXPECT_THAT(Look("/")->usage, StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ReadImageDiskTest, NoPlaceIsNotFound) {
  EXPECT_THAT(Look("/"), StatusIs(absl::StatusCode::kNotFound));
  runtime_.SetImageFileSystems({{{""}}});
  EXPECT_THAT(Look("/"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ReadImageDiskTest, WaitsNoLongerThanItMay) {
  runtime_.AnswerIn({.image_file_systems = absl::Seconds(2)});
  const Instant before = clock_.Now();

  EXPECT_THAT(Look("/"), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(clock_.Now() - before, absl::Seconds(1));
}

TEST_F(ReadImageDiskTest, SaysWhatTheRuntimeSaid) {
  runtime_.SetImageFileSystems(absl::UnimplementedError("unknown method"));

  EXPECT_THAT(Look("/"), StatusIs(absl::StatusCode::kUnimplemented));
}

}  // namespace
}  // namespace prepull
