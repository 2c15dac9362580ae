#include "prepull/report/live_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/runs.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr int64_t kMB = 1000000;
const Instant kViewNow = Instant(absl::Hours(1));

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

  void Begin(ImageOutcome& image) {
    run_.Move(image, ImageState::kPulling);
    ++image.attempts;
    image.started_at = kViewNow;
    view_.OnAttempt(run_, image);
  }
  void RetryLater(ImageOutcome& image) {
    run_.Move(image, ImageState::kWaiting);
    image.next_attempt_at = kViewNow + absl::Minutes(1);
    view_.OnRetry(run_, image, absl::Minutes(1));
  }
  void End(ImageOutcome& image) {
    run_.Move(image, ImageState::kPulled);
    view_.OnEnded(run_, image);
  }
  // The lines that are drawn so many seconds later.
  std::vector<std::string> LinesAt(int seconds) {
    view_.OnTurn(run_, kViewNow + absl::Seconds(seconds));
    return drawn_.back();
  }

  std::vector<std::vector<std::string>> drawn_;
  std::vector<std::string> printed_;
  prepull::Run run_ = RunOf({{.image = "quay.io/a:1"},
                             {.image = "quay.io/b:1"},
                             {.image = "quay.io/c:1"}});
};

TEST_F(LiveViewTest, PrintsThePlanInOneLine) {
  view_.OnPlanned(RunWith({.waiting = 9, .skipped = 4}));

  EXPECT_THAT(printed_, ElementsAre("13 images: 4 present, 9 to pull"));
  EXPECT_THAT(drawn_, IsEmpty());
}

TEST_F(LiveViewTest, DrawsAtMostTenTimesASecond) {
  for (int ms = 0; ms < 1000; ms += 10) {
    view_.OnTurn(run_, kViewNow + absl::Milliseconds(ms));
  }

  EXPECT_THAT(drawn_, SizeIs(10));
}

TEST_F(LiveViewTest, AsksToBeCalledForItsNextDrawing) {
  EXPECT_EQ(view_.OnTurn(run_, kViewNow), kViewNow + absl::Milliseconds(100));
  EXPECT_EQ(view_.OnTurn(run_, kViewNow + absl::Milliseconds(60)),
            kViewNow + absl::Milliseconds(100));
}

TEST_F(LiveViewTest, DrawsAnotherSpinnerEachTime) {
  Begin(run_.images()[0]);

  EXPECT_THAT(LinesAt(0), Contains(StartsWith("⠋")));
  EXPECT_THAT(LinesAt(1), Contains(StartsWith("⠙")));
}

TEST_F(LiveViewTest, FollowsAPullFromItsBeginningToItsEnd) {
  view_.OnPlanned(run_);
  EXPECT_THAT(LinesAt(0), ElementsAre("0 of 3 done, 3 waiting"));

  Begin(run_.images()[1]);
  Begin(run_.images()[0]);
  EXPECT_THAT(LinesAt(1),
              ElementsAre("⠙ quay.io/a:1    1.0s", "⠙ quay.io/b:1    1.0s",
                          "0 of 3 done, 2 running, 1 waiting"));

  RetryLater(run_.images()[0]);
  EXPECT_THAT(LinesAt(2), ElementsAre(StartsWith("⠹ quay.io/b:1    2.0s"),
                                      StartsWith("⠹ quay.io/a:1  retry in 58s"),
                                      "0 of 3 done, 1 running, 2 waiting"));

  Begin(run_.images()[0]);
  End(run_.images()[0]);
  End(run_.images()[1]);
  EXPECT_THAT(LinesAt(3), ElementsAre("2 of 3 done, 1 waiting"));
}

TEST_F(LiveViewTest, DoesNotShowAPullThatWasGivenUpWithoutAWord) {
  Begin(run_.images()[0]);

  run_.Move(run_.images()[0], ImageState::kWaiting);

  EXPECT_THAT(LinesAt(0), ElementsAre("0 of 3 done, 3 waiting"));
}

TEST_F(LiveViewTest, CountsTheRetriesThatItDoesNotShow) {
  run_ = RunWith({.waiting = 100});
  for (ImageOutcome& image : run_.images()) RetryLater(image);

  EXPECT_THAT(LinesAt(0), AllOf(SizeIs(23), Contains("… and 79 more")));
}

TEST_F(LiveViewTest, KeepsItsColumnsWhereNamesComeAndGo) {
  run_ = RunOf({{.image = "quay.io/a:1"}, {.image = "quay.io/longer:1"}});
  view_.OnPlanned(run_);

  Begin(run_.images()[0]);

  EXPECT_EQ(LinesAt(1)[0], "⠋ quay.io/a:1         1.0s");
}

TEST_F(LiveViewTest, MeasuresTheRateOfEachPullAndOfTheRun) {
  run_.features().byte_progress = true;
  view_.OnPlanned(run_);
  ImageOutcome& image = run_.images()[0];
  Begin(image);
  image.bytes_total = 100 * kMB;

  for (int second = 0; second <= 4; ++second) {
    image.bytes_done = (10 + second) * kMB;
    run_.UpdateBytes({.done = 2 * image.bytes_done, .total = 200 * kMB});
    LinesAt(second);
  }

  EXPECT_THAT(drawn_[1],
              ElementsAre(Not(HasSubstr("/s")), Not(HasSubstr("left"))));
  EXPECT_THAT(drawn_[4],
              ElementsAre(HasSubstr("14%   14MB  1.0MB/s    4.0s"),
                          EndsWith("28MB of 200MB, 2.0MB/s, 1m26s left")));
}

TEST_F(LiveViewTest, ForgetsTheRateOfAPullThatWaits) {
  run_.features().byte_progress = true;
  ImageOutcome& image = run_.images()[0];
  image.bytes_total = 100 * kMB;
  Begin(image);
  image.bytes_done = 10 * kMB;
  LinesAt(0);
  image.bytes_done = 20 * kMB;
  ASSERT_THAT(LinesAt(2)[0], HasSubstr("5.0MB/s"));

  RetryLater(image);
  LinesAt(3);
  Begin(image);

  EXPECT_THAT(LinesAt(4)[0], AllOf(HasSubstr("20%"), Not(HasSubstr("/s"))));
}

}  // namespace
}  // namespace prepull
