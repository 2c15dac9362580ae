#include "prepull/report/live_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::ResultOf;
using ::testing::SizeIs;
using ::testing::StartsWith;

const Instant kNow = Instant(absl::Hours(1));

// Columns as a terminal counts them: continuation bytes take none.
int Columns(const std::string& line) {
  return static_cast<int>(std::count_if(
      line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

ImageOutcome Pulling(const std::string& image, absl::Duration for_how_long) {
  return {.image = image,
          .state = ImageState::kPulling,
          .attempts = 1,
          .started_at = kNow - for_how_long};
}

Run RunOf(std::vector<ImageOutcome> images) {
  prepull::Run run = {.images = std::move(images)};
  run.counts.pulling = static_cast<int64_t>(run.images.size());
  return run;
}

Run RunOfMany(int count) {
  return RunOf(std::vector<ImageOutcome>(
      count, Pulling("quay.io/team/app:1.2", absl::Seconds(62))));
}

TEST(ViewLinesTest, HasALineForEachRunningPullAndASum) {
  prepull::Run run =
      RunOf({Pulling("quay.io/team/app:1", absl::Seconds(62)),
             Pulling("quay.io/team/db:9", absl::Milliseconds(400))});
  run.images.push_back({.image = "quay.io/team/later:1"});
  run.images.push_back({.image = "a", .state = ImageState::kSkipped});
  run.counts.waiting = 1;
  run.counts.skipped = 1;

  EXPECT_THAT(
      ViewLines(run, kNow, {80, 24}, 0),
      ElementsAre("⠋ quay.io/team/app:1  1m02s", "⠋ quay.io/team/db:9  0.4s",
                  "1 of 4 done, 2 running, 1 waiting"));
}

TEST(ViewLinesTest, SaysWhichAttemptItIsFromTheSecondOn) {
  prepull::Run run = RunOfMany(1);
  run.images[0].attempts = 3;

  EXPECT_THAT(ViewLines(run, kNow, {80, 24}, 0)[0],
              EndsWith("app:1.2  1m02s  attempt 3"));
}

TEST(ViewLinesTest, TurnsItsSpinner) {
  const prepull::Run run = RunOfMany(1);

  EXPECT_THAT(ViewLines(run, kNow, {80, 24}, 0)[0], StartsWith("⠋ "));
  EXPECT_THAT(ViewLines(run, kNow, {80, 24}, 1)[0], StartsWith("⠙ "));
  EXPECT_THAT(ViewLines(run, kNow, {80, 24}, 10)[0], StartsWith("⠋ "));
}

TEST(ViewLinesTest, InventsNoPercentage) {
  prepull::Run run = RunOfMany(1);
  run.images[0].bytes_done = 1000;

  EXPECT_THAT(ViewLines(run, kNow, {80, 24}, 0), Each(Not(HasSubstr("%"))));
}

TEST(ViewLinesTest, SaysWhenAndWhyAPullIsTriedAgain) {
  const prepull::Run run = {
      .images = {{.image = "quay.io/team/db:9",
                  .attempts = 1,
                  .started_at = kNow - absl::Seconds(3),
                  .next_attempt_at = kNow + absl::Seconds(34),
                  .reason = Reason::kRateLimited}},
      .counts = {.waiting = 1}};

  EXPECT_THAT(ViewLines(run, kNow, {80, 24}, 0),
              ElementsAre("⠋ quay.io/team/db:9  retry in 34s (RateLimited)",
                          "0 of 1 done, 1 waiting"));
  EXPECT_EQ(ViewLines(run, kNow, {59, 24}, 0)[0],
            "⠋ quay.io/team/db:9  retry in 34s");
}

TEST(ViewLinesTest, ARetryThatIsDueIsNotInThePast) {
  const prepull::Run run = {
      .images = {{.image = "a:1", .next_attempt_at = kNow - absl::Minutes(1)}}};

  EXPECT_THAT(ViewLines(run, kNow, {40, 24}, 0)[0],
              EndsWith("a:1  retry in 0.0s"));
}

TEST(ViewLinesTest, CountsFailuresInItsSum) {
  prepull::Run run;
  run.images.resize(3);
  run.counts = {.pulled = 1, .failed = 2};

  EXPECT_THAT(ViewLines(run, kNow, {80, 24}, 0),
              ElementsAre("3 of 3 done, 2 failed"));
}

TEST(ViewLinesTest, LeavesOutTheMiddleOfALongName) {
  const prepull::Run run = RunOf({Pulling(
      "quay.io/an-organisation/with-a-long-name/kafka-operator:3.7.0-rc.1",
      absl::Seconds(62))});

  EXPECT_EQ(ViewLines(run, kNow, {40, 24}, 0)[0],
            "⠋ quay.io/an-orga…ator:3.7.0-rc.1  1m02s");
}

TEST(ViewLinesTest, GivesANameAllTheRoomThereIs) {
  const prepull::Run run =
      RunOf({Pulling("quay.io/team/app:1.2", absl::Seconds(38))});

  EXPECT_EQ(ViewLines(run, kNow, {27, 24}, 0)[0],
            "⠋ quay.io/team/app:1.2  38s");
}

class ViewLinesWidthTest : public ::testing::TestWithParam<int> {};

TEST_P(ViewLinesWidthTest, NoLineIsWiderThanTheScreen) {
  prepull::Run run = RunOfMany(30);
  run.images[0].attempts = 12345;
  run.images[1].image = std::string(300, 'a');
  run.images[2].image = "registry.example/bücher/größe:überall";
  run.images[3].state = ImageState::kWaiting;
  run.images[3].next_attempt_at = kNow + absl::Hours(10000);
  run.images[3].reason = Reason::kRegistryUnavailable;
  run.counts.waiting = 100000;
  run.counts.failed = 100000;

  EXPECT_THAT(ViewLines(run, kNow, {GetParam(), 24}, 0),
              Each(ResultOf(Columns, Le(GetParam()))));
}

INSTANTIATE_TEST_SUITE_P(FromTinyToHuge, ViewLinesWidthTest,
                         ::testing::Values(1, 2, 5, 10, 20, 28, 29, 30, 40, 80,
                                           200, 1000));

TEST(ViewLinesTest, SaysHowManyPullsDoNotFit) {
  EXPECT_THAT(ViewLines(RunOfMany(10), kNow, {80, 6}, 0),
              AllOf(SizeIs(5), ElementsAre(StartsWith("⠋"), StartsWith("⠋"),
                                           StartsWith("⠋"), "… and 7 more",
                                           "0 of 10 done, 10 running")));
}

class ViewLinesHeightTest : public ::testing::TestWithParam<int> {};

TEST_P(ViewLinesHeightTest, LeavesARowForTheCursor) {
  EXPECT_THAT(ViewLines(RunOfMany(100), kNow, {80, GetParam()}, 0),
              SizeIs(GetParam() - 1));
}

INSTANTIATE_TEST_SUITE_P(FromTinyToHuge, ViewLinesHeightTest,
                         ::testing::Values(2, 3, 4, 5, 24, 60));

TEST(ViewLinesTest, SumsUpEvenOnAScreenWithoutRows) {
  EXPECT_THAT(ViewLines(RunOfMany(3), kNow, {80, 0}, 0),
              ElementsAre("0 of 3 done, 3 running"));
}

class LiveViewTest : public ::testing::Test {
 protected:
  LiveView view_{
      {.size =
           [] {
             return ScreenSize{80, 24};
           },
       .draw =
           [this](const std::vector<std::string>& lines) {
             drawn_.push_back(lines);
           },
       .print = [this](const std::string& line) { printed_.push_back(line); }}};
  std::vector<std::vector<std::string>> drawn_;
  std::vector<std::string> printed_;
};

TEST_F(LiveViewTest, PrintsThePlanInOneLine) {
  prepull::Run run;
  run.images.resize(13);
  run.counts = {.waiting = 9, .skipped = 4};

  view_.OnPlanned(run);

  EXPECT_THAT(printed_, ElementsAre("13 images: 4 present, 9 to pull"));
  EXPECT_THAT(drawn_, IsEmpty());
}

TEST_F(LiveViewTest, DrawsAtMostTenTimesASecond) {
  const prepull::Run run = RunOfMany(1);

  for (int ms = 0; ms < 1000; ms += 10) {
    view_.OnTurn(run, kNow + absl::Milliseconds(ms));
  }

  EXPECT_THAT(drawn_, SizeIs(10));
}

TEST_F(LiveViewTest, AsksToBeCalledForItsNextDrawing) {
  const prepull::Run run = RunOfMany(1);

  EXPECT_EQ(view_.OnTurn(run, kNow), kNow + absl::Milliseconds(100));
  EXPECT_EQ(view_.OnTurn(run, kNow + absl::Milliseconds(60)),
            kNow + absl::Milliseconds(100));
}

TEST_F(LiveViewTest, DrawsAnotherSpinnerEachTime) {
  const prepull::Run run = RunOfMany(1);

  view_.OnTurn(run, kNow);
  view_.OnTurn(run, kNow + absl::Milliseconds(100));

  EXPECT_THAT(drawn_, ElementsAre(Contains(StartsWith("⠋")),
                                  Contains(StartsWith("⠙"))));
}

}  // namespace
}  // namespace prepull
