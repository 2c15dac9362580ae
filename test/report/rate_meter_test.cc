#include "prepull/report/rate_meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Optional;

constexpr int64_t kStep = 1 << 20;

class RateMeterTest : public ::testing::Test {
 protected:
  void AddAt(double seconds, int64_t bytes) {
    meter_.Add(Instant(absl::Hours(1) + absl::Seconds(seconds)), bytes);
  }
  // `rate` bytes each second, up to and with second `last`.
  void AddSteadily(int first, int last, int64_t rate) {
    for (int i = first; i <= last; ++i) AddAt(i, (i + 1) * rate);
  }

  RateMeter meter_;
};

TEST_F(RateMeterTest, KnowsNothingBeforeTwoSeconds) {
  EXPECT_EQ(meter_.BytesPerSecond(), std::nullopt);
  AddAt(0, 1000);
  EXPECT_EQ(meter_.BytesPerSecond(), std::nullopt);
  AddAt(1.9, 3000);
  EXPECT_EQ(meter_.BytesPerSecond(), std::nullopt);
}

TEST_F(RateMeterTest, DividesWhatCameByTheTimeItTook) {
  AddAt(0, 1000);
  AddAt(2, 7000);

  EXPECT_THAT(meter_.BytesPerSecond(), Optional(3000));
}

TEST_F(RateMeterTest, ForgetsWhatIsOlderThanTenSeconds) {
  AddSteadily(0, 20, 100);
  for (int i = 21; i <= 31; ++i) AddAt(i, 2100 + (i - 20) * 5000);

  EXPECT_THAT(meter_.BytesPerSecond(), Optional(5000));
}

TEST_F(RateMeterTest, IsZeroTenSecondsAfterTheLastByte) {
  AddSteadily(0, 10, 1000);
  for (int i = 11; i <= 20; ++i) AddAt(i, 11000);

  EXPECT_THAT(meter_.BytesPerSecond(), Optional(0));
}

// A step of 1 MiB each 1.5 s is 699,051 bytes a second.
TEST_F(RateMeterTest, IsCalmWhereBytesMoveInSteps) {
  for (int second = 0; second < 60; ++second) {
    AddAt(second, (second * 2 / 3 + 1) * kStep);
    if (second < 10) continue;
    EXPECT_THAT(meter_.BytesPerSecond(),
                Optional(AllOf(Ge(kStep * 6 / 10), Le(kStep * 7 / 10))));
  }
}

TEST_F(RateMeterTest, IsTheSameHoweverOftenItIsFed) {
  for (int tenth = 0; tenth <= 200; ++tenth) {
    AddAt(tenth / 10.0, (tenth / 10 + 1) * 1000);
  }

  EXPECT_THAT(meter_.BytesPerSecond(), Optional(1000));
}

TEST_F(RateMeterTest, IsTheMeanOfALongPauseWhereItIsFedRarely) {
  AddAt(0, 1000);
  AddAt(30, 31000);
  AddAt(60, 121000);

  EXPECT_THAT(meter_.BytesPerSecond(), Optional(3000));
}

TEST_F(RateMeterTest, BeginsAnewWhereBytesFall) {
  AddSteadily(0, 10, 1000000);
  AddAt(11, 500);
  EXPECT_EQ(meter_.BytesPerSecond(), std::nullopt);
  AddAt(13, 2500);

  EXPECT_THAT(meter_.BytesPerSecond(), Optional(1000));
}

TEST_F(RateMeterTest, NoticesAFallBetweenTwoSamples) {
  AddAt(0, 1000);
  AddAt(2, 9000);
  AddAt(2.1, 100);

  EXPECT_EQ(meter_.BytesPerSecond(), std::nullopt);
}

// A pull that goes on where the last one stopped has 300 MB at once.
TEST_F(RateMeterTest, DoesNotCountWhatWasThereAtFirstSight) {
  AddAt(0, 0);
  AddAt(1, 0);
  AddAt(2, 300000000);
  AddAt(4, 300002000);

  EXPECT_THAT(meter_.BytesPerSecond(), Optional(1000));
}

TEST_F(RateMeterTest, ForgetsEverythingOnRequest) {
  AddSteadily(0, 10, 1000);

  meter_.Clear();

  EXPECT_EQ(meter_.BytesPerSecond(), std::nullopt);
}

// Where only the end of a download is known, bytes come image by image.
TEST(RateMeterOfImagesTest, AveragesOverMinutes) {
  RateMeter meter(RateMeter::kForImages);
  for (int second = 0; second <= 120; ++second) {
    meter.Add(Instant(absl::Seconds(second)), (1 + second / 30) * 30'000);
  }

  EXPECT_THAT(meter.BytesPerSecond(), Optional(1000));
}

}  // namespace
}  // namespace prepull
