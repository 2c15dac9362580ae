#include "src/report/view_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "test/support/runs.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::ResultOf;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr int64_t kLinesMB = 1000000;
const Instant kLinesNow = Instant(absl::Hours(1));

// Columns as a terminal counts them: continuation bytes take none.
int Columns(const std::string& line) {
  return static_cast<int>(std::count_if(
      line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

ImageOutcome Pulling(const std::string& image, absl::Duration for_how_long) {
  return {.image = image,
          .state = ImageState::kPulling,
          .attempts = 1,
          .started_at = kLinesNow - for_how_long};
}

ImageOutcome Downloading(const std::string& image, int64_t done,
                         int64_t total) {
  ImageOutcome outcome = Pulling(image, absl::Seconds(62));
  outcome.bytes_done = done;
  outcome.bytes_total = total;
  return outcome;
}

std::vector<ImageOutcome> ManyPulling(int count) {
  return std::vector<ImageOutcome>(
      count, Pulling("quay.io/team/app:1.2", absl::Seconds(62)));
}

Run RunOfMany(int count) { return RunOf(ManyPulling(count)); }

Run RunThatKnowsBytes(std::vector<ImageOutcome> images) {
  prepull::Run run = RunOf(std::move(images));
  run.features().byte_progress = true;
  return run;
}

// What the live view would see of it; each pull moves at `rate`.
Scene SceneOf(const Run& run, std::optional<int64_t> rate = std::nullopt) {
  Scene scene = {.run = run, .now = kLinesNow};
  for (const ImageOutcome& image : run.images()) {
    scene.widest_name =
        std::max(scene.widest_name, static_cast<int>(image.image.size()));
    if (image.state == ImageState::kPulling) {
      scene.running.push_back({&image, rate});
    } else if (image.next_attempt_at) {
      scene.retrying.push_back(&image);
    }
  }
  return scene;
}

std::vector<std::string> Lines(const Run& run, ScreenSize screen,
                               std::optional<int64_t> rate = std::nullopt) {
  return ViewLines(SceneOf(run, rate), screen);
}

TEST(ViewLinesTest, HasALineForEachRunningPullAndASum) {
  prepull::Run run =
      RunOf({Pulling("quay.io/team/kafka:1", absl::Seconds(62)),
             Pulling("quay.io/team/db:9", absl::Milliseconds(400)),
             {.image = "quay.io/team/later:1"},
             {.image = "a", .state = ImageState::kSkipped}});

  EXPECT_THAT(Lines(run, {80, 24}),
              ElementsAre("⠋ quay.io/team/kafka:1   1m02s",
                          "⠋ quay.io/team/db:9       0.4s",
                          "1 of 4 done, 2 running, 1 waiting"));
}

TEST(ViewLinesTest, SaysWhichAttemptItIsFromTheSecondOn) {
  prepull::Run run = RunOfMany(1);
  run.images()[0].attempts = 3;

  EXPECT_THAT(Lines(run, {80, 24})[0], EndsWith("app:1.2   1m02s  attempt 3"));
  EXPECT_THAT(Lines(run, {59, 24})[0], EndsWith("app:1.2   1m02s"));
}

TEST(ViewLinesTest, TurnsItsSpinner) {
  const prepull::Run run = RunOfMany(1);
  Scene scene = SceneOf(run);

  EXPECT_THAT(ViewLines(scene, {80, 24})[0], StartsWith("⠋ "));
  scene.turn = 1;
  EXPECT_THAT(ViewLines(scene, {80, 24})[0], StartsWith("⠙ "));
  scene.turn = 10;
  EXPECT_THAT(ViewLines(scene, {80, 24})[0], StartsWith("⠋ "));
}

TEST(ViewLinesTest, ShowsBarShareBytesAndRateBelowEachOther) {
  const prepull::Run run = RunThatKnowsBytes(
      {Downloading("quay.io/strimzi/kafka:3.7.0", 310 * kLinesMB,
                   508 * kLinesMB),
       Downloading("quay.io/team/app:1.2", 12345, 412 * kLinesMB)});

  EXPECT_THAT(
      Lines(run, {100, 24}, 24 * kLinesMB),
      ElementsAre("⠋ quay.io/strimzi/kafka:3.7.0  ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣀⣀⣀⣀⣀⣀⣀⣀  "
                  "61%  310MB   24MB/s   1m02s",
                  "⠋ quay.io/team/app:1.2         ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀  "
                  " 0%   12kB   24MB/s   1m02s",
                  "0 of 2 done, 2 running"));
}

TEST(ViewLinesTest, LeavesRoomForARateThatIsNotKnownYet) {
  const prepull::Run run =
      RunThatKnowsBytes({Downloading("a:1", 155 * kLinesMB, 200 * kLinesMB)});

  EXPECT_EQ(Lines(run, {80, 24})[0],
            "⠋ a:1  ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣇⣀⣀⣀⣀  77%  155MB            1m02s");
}

TEST(ViewLinesTest, IsNeverAtAHundredPercentBeforeTheLastByte) {
  const prepull::Run run = RunThatKnowsBytes(
      {Downloading("a:1", 400 * kLinesMB - 1, 400 * kLinesMB)});

  EXPECT_THAT(Lines(run, {80, 24})[0],
              HasSubstr("⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣇  99%  400MB"));
}

TEST(ViewLinesTest, LosesNoPercentToTheWayNumbersAreKept) {
  for (int percent = 0; percent < 100; ++percent) {
    const prepull::Run run = RunThatKnowsBytes(
        {Downloading("a:1", percent * kLinesMB, 100 * kLinesMB)});
    EXPECT_THAT(Lines(run, {40, 24})[0],
                HasSubstr(absl::StrCat(" ", percent, "%")));
  }
}

TEST(ViewLinesTest, CallsAPullWhoseBytesAreAllThereUnpacking) {
  const prepull::Run run =
      RunThatKnowsBytes({Downloading("a:1", 412 * kLinesMB, 412 * kLinesMB),
                         Downloading("b:1", 310 * kLinesMB, 508 * kLinesMB)});

  EXPECT_THAT(Lines(run, {80, 24}, 24 * kLinesMB),
              ElementsAre("⠋ a:1  unpacking                  412MB            "
                          "1m02s",
                          "⠋ b:1  ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣀⣀⣀⣀⣀⣀⣀⣀  61%  310MB   24MB/s  "
                          " 1m02s",
                          "0 of 2 done, 2 running"));
}

TEST(ViewLinesTest, ShowsTheTimeOnlyOfAPullWhoseBytesAreUnknown) {
  const prepull::Run run = RunThatKnowsBytes(
      {Downloading("quay.io/team/app:1.2", 310 * kLinesMB, 508 * kLinesMB),
       Pulling("quay.io/team/db:9", absl::Seconds(3))});

  EXPECT_THAT(Lines(run, {60, 24}, 24 * kLinesMB),
              ElementsAre("⠋ quay.io/team/app:1.2  61%  310MB   24MB/s   1m02s",
                          "⠋ quay.io/team/db:9                            3.0s",
                          "0 of 2 done, 2 running"));
}

TEST(ViewLinesTest, InventsNoPercentage) {
  prepull::Run run = RunThatKnowsBytes({Pulling("a:1", absl::Seconds(1))});
  run.images()[0].bytes_done = 1000;

  EXPECT_THAT(Lines(run, {80, 24}), Each(Not(HasSubstr("%"))));
}

TEST(ViewLinesTest, ShowsNoBytesInARunThatKnowsNone) {
  prepull::Run run =
      RunOf({Downloading("a:1", 310 * kLinesMB, 508 * kLinesMB)});
  run.UpdateBytes({.done = 310 * kLinesMB, .total = 508 * kLinesMB});

  EXPECT_THAT(Lines(run, {80, 24}, kLinesMB),
              ElementsAre("⠋ a:1   1m02s", "0 of 1 done, 1 running"));
}

// A bar says nothing that the share does not; a rate is a comfort.
TEST(ViewLinesTest, GivesUpBarThenRateThenBytesForTheName) {
  const prepull::Run run = RunThatKnowsBytes(
      {Downloading("quay.io/an-organisation/with-a-long-name/kafka:3.7.0-rc.1",
                   310 * kLinesMB, 508 * kLinesMB)});

  EXPECT_EQ(Lines(run, {93, 24}, 24 * kLinesMB)[0],
            "⠋ quay.io/an-organisa…ame/kafka:3.7.0-rc.1  "
            "⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣀⣀⣀⣀⣀⣀⣀⣀  61%  310MB   24MB/s   1m02s");
  EXPECT_EQ(Lines(run, {92, 24}, 24 * kLinesMB)[0],
            "⠋ quay.io/an-organisation/with-a-long-name/kafka:3.7.0-rc.1  "
            "61%  310MB   24MB/s   1m02s");
  EXPECT_EQ(Lines(run, {55, 24}, 24 * kLinesMB)[0],
            "⠋ quay.io/an-…a:3.7.0-rc.1  61%  310MB   24MB/s   1m02s");
  EXPECT_EQ(Lines(run, {54, 24}, 24 * kLinesMB)[0],
            "⠋ quay.io/an-orga…kafka:3.7.0-rc.1  61%  310MB   1m02s");
  EXPECT_EQ(Lines(run, {45, 24}, 24 * kLinesMB)[0],
            "⠋ quay.io/an-org…afka:3.7.0-rc.1  61%   1m02s");
  EXPECT_EQ(Lines(run, {40, 24}, 24 * kLinesMB)[0],
            "⠋ quay.io/an-o…a:3.7.0-rc.1  61%   1m02s");
}

TEST(ViewLinesTest, SaysThatItUnpacksOnTheNarrowestScreenToo) {
  const prepull::Run run = RunThatKnowsBytes(
      {Downloading("quay.io/an-organisation/with-a-long-name/kafka:3.7.0-rc.1",
                   508 * kLinesMB, 508 * kLinesMB)});

  EXPECT_EQ(Lines(run, {60, 24})[0],
            "⠋ quay.io/an-org…fka:3.7.0-rc.1  unpacking             1m02s");
  EXPECT_EQ(Lines(run, {50, 24})[0],
            "⠋ quay.io/an-or…fka:3.7.0-rc.1  unpacking    1m02s");
  EXPECT_EQ(Lines(run, {40, 24})[0],
            "⠋ quay.io/an-o…a:3.7.0-rc.1    unpacking");
}

TEST(ViewLinesTest, SaysWhenAndWhyAPullIsTriedAgain) {
  const prepull::Run run =
      RunOf({{.image = "quay.io/team/db:9",
              .attempts = 1,
              .started_at = kLinesNow - absl::Seconds(3),
              .next_attempt_at = kLinesNow + absl::Seconds(34),
              .reason = Reason::kRateLimited}});

  EXPECT_THAT(Lines(run, {80, 24}),
              ElementsAre("⠋ quay.io/team/db:9  retry in 34s (RateLimited)",
                          "0 of 1 done, 1 waiting"));
  EXPECT_EQ(Lines(run, {59, 24})[0], "⠋ quay.io/team/db:9  retry in 34s");
}

TEST(ViewLinesTest, ARetryThatIsDueIsNotInThePast) {
  const prepull::Run run = RunOf(
      {{.image = "a:1", .next_attempt_at = kLinesNow - absl::Minutes(1)}});

  EXPECT_THAT(Lines(run, {40, 24})[0], EndsWith("a:1  retry in 0.0s"));
}

TEST(ViewLinesTest, LeavesOutTheMiddleOfALongName) {
  const prepull::Run run = RunOf({Pulling(
      "quay.io/an-organisation/with-a-long-name/kafka-operator:3.7.0-rc.1",
      absl::Seconds(62))});

  EXPECT_EQ(Lines(run, {40, 24})[0],
            "⠋ quay.io/an-org…ator:3.7.0-rc.1   1m02s");
}

TEST(ViewLinesTest, GivesANameAllTheRoomThereIs) {
  const prepull::Run run =
      RunOf({Pulling("quay.io/team/app:1.2", absl::Seconds(38))});

  EXPECT_EQ(Lines(run, {30, 24})[0], "⠋ quay.io/team/app:1.2     38s");
}

class ViewLinesWidthTest : public ::testing::TestWithParam<int> {};

TEST_P(ViewLinesWidthTest, NoLineIsWiderThanTheScreen) {
  std::vector<ImageOutcome> images = ManyPulling(30);
  images[0].attempts = 12345;
  images[1].image = std::string(300, 'a');
  images[2].image = "registry.example/bücher/größe:überall";
  images[3] = {.image = "quay.io/team/app:1.2",
               .next_attempt_at = kLinesNow + absl::Hours(10000),
               .reason = Reason::kRegistryUnavailable};
  images[4] = Downloading("quay.io/b:1", 1, 1);
  images[5] = Downloading("quay.io/b:1", 999 * kLinesMB, 1000000000 * kLinesMB);
  images.resize(images.size() + 10000, {.state = ImageState::kWaiting});
  images.resize(images.size() + 10000, {.state = ImageState::kFailed});
  prepull::Run run = RunOf(std::move(images));
  run.UpdateBytes({.done = 1, .total = 1000000000 * kLinesMB});
  EXPECT_THAT(Lines(run, {GetParam(), 24}, 1),
              Each(ResultOf(Columns, Le(GetParam()))));

  run.features().byte_progress = true;

  EXPECT_THAT(Lines(run, {GetParam(), 24}, 1000000000 * kLinesMB),
              Each(ResultOf(Columns, Le(GetParam()))));
}

INSTANTIATE_TEST_SUITE_P(FromTinyToHuge, ViewLinesWidthTest,
                         ::testing::Values(1, 2, 5, 10, 20, 28, 29, 30, 40, 59,
                                           60, 80, 93, 200, 1000));

TEST(ViewLinesTest, SaysHowManyPullsDoNotFit) {
  EXPECT_THAT(Lines(RunOfMany(10), {80, 6}),
              AllOf(SizeIs(5), ElementsAre(StartsWith("⠋"), StartsWith("⠋"),
                                           StartsWith("⠋"), "… and 7 more",
                                           "0 of 10 done, 10 running")));
}

TEST(ViewLinesTest, ShowsWhatRunsBeforeWhatWaits) {
  std::vector<ImageOutcome> images = {
      {.image = "a:1", .next_attempt_at = kLinesNow},
      Pulling("b:1", absl::Seconds(1)),
      {.image = "c:1", .next_attempt_at = kLinesNow}};
  images.resize(1003);
  const prepull::Run run = RunOf(std::move(images));
  Scene scene = SceneOf(run);
  scene.hidden = 1000;

  EXPECT_THAT(ViewLines(scene, {80, 5}),
              ElementsAre(HasSubstr("b:1"), HasSubstr("a:1"), "… and 1001 more",
                          "0 of 1003 done, 1 running, 1002 waiting"));
}

class ViewLinesHeightTest : public ::testing::TestWithParam<int> {};

TEST_P(ViewLinesHeightTest, LeavesARowForTheCursor) {
  EXPECT_THAT(Lines(RunOfMany(100), {80, GetParam()}), SizeIs(GetParam() - 1));
}

INSTANTIATE_TEST_SUITE_P(FromTinyToHuge, ViewLinesHeightTest,
                         ::testing::Values(2, 3, 4, 5, 24, 60));

TEST(ViewLinesTest, SumsUpEvenOnAScreenWithoutRows) {
  EXPECT_THAT(Lines(RunOfMany(3), {80, 0}),
              ElementsAre("0 of 3 done, 3 running"));
}

}  // namespace
}  // namespace prepull
