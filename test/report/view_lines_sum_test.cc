// The last of the view's lines, which sums up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/report/view_lines.h"
#include "test/support/runs.h"

namespace prepull {
namespace {

using ::testing::EndsWith;

constexpr int64_t kSumMB = 1000000;
const Instant kSumNow = Instant(absl::Hours(1));

// Of a run with 13 images.
class SumLineTest : public ::testing::Test {
 protected:
  SumLineTest() { run_.features().byte_progress = true; }

  std::string Sum(std::optional<int64_t> rate, int columns = 100) {
    Scene scene = {.run = run_, .now = kSumNow};
    scene.rate = rate;
    return ViewLines(scene, {columns, 24}).back();
  }

  prepull::Run run_ = RunWith({.waiting = 2, .pulling = 2, .pulled = 9});
};

TEST_F(SumLineTest, CountsFailures) {
  run_ = RunWith({.pulled = 11, .failed = 2});

  EXPECT_EQ(Sum(std::nullopt), "13 of 13 done, 2 failed");
}

TEST_F(SumLineTest, SaysHowManyBytesAreThereAndWhenTheRestWillBe) {
  run_.UpdateBytes({.done = 1200 * kSumMB, .total = 3400 * kSumMB});

  EXPECT_EQ(Sum(24 * kSumMB),
            "9 of 13 done, 2 running, 2 waiting, 1.2GB of 3.4GB, 24MB/s, "
            "1m32s left");
}

TEST_F(SumLineTest, PromisesNoTenthsOfSeconds) {
  run_.UpdateBytes({.done = 90 * kSumMB, .total = 100 * kSumMB});

  EXPECT_THAT(Sum(4 * kSumMB), EndsWith(", 4.0MB/s, 3s left"));
  EXPECT_THAT(Sum(100 * kSumMB), EndsWith(", 100MB/s, 1s left"));
}

TEST_F(SumLineTest, PromisesNoEndWhileTheTotalIsUnknown) {
  run_.UpdateBytes({.done = 1200 * kSumMB});

  EXPECT_THAT(Sum(24 * kSumMB), EndsWith("2 waiting, 1.2GB, 24MB/s"));
}

TEST_F(SumLineTest, PromisesNoEndWhereNothingComes) {
  run_.UpdateBytes({.done = 1200 * kSumMB, .total = 3400 * kSumMB});

  EXPECT_THAT(Sum(0), EndsWith(", 1.2GB of 3.4GB, 0B/s"));
  EXPECT_THAT(Sum(std::nullopt), EndsWith(", 1.2GB of 3.4GB"));
}

TEST_F(SumLineTest, HasNoRateOnceEveryByteIsThere) {
  run_.UpdateBytes({.done = 3400 * kSumMB, .total = 3400 * kSumMB});

  EXPECT_THAT(Sum(24 * kSumMB), EndsWith(", 3.4GB of 3.4GB"));
}

TEST_F(SumLineTest, SaysNothingOfBytesBeforeTheFirst) {
  EXPECT_THAT(Sum(std::nullopt), EndsWith("2 waiting"));
  run_.UpdateBytes({.done = 0, .total = 0});
  EXPECT_THAT(Sum(std::nullopt), EndsWith("2 waiting"));
}

TEST_F(SumLineTest, GivesUpRateThenBytesForTheTimeLeft) {
  run_.UpdateBytes({.done = 1200 * kSumMB, .total = 3400 * kSumMB});
  const std::string counts = "9 of 13 done, 2 running, 2 waiting";

  EXPECT_EQ(Sum(24 * kSumMB, 69), counts + ", 1.2GB of 3.4GB, 1m32s left");
  EXPECT_EQ(Sum(24 * kSumMB, 60), counts + ", 1m32s left");
  EXPECT_EQ(Sum(24 * kSumMB, 40), counts);
}

}  // namespace
}  // namespace prepull
