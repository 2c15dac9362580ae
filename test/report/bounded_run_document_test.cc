#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/report/lines.h"
#include "prepull/report/run_document.h"
#include "test/report/run_document_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;

constexpr size_t kMaxBytes = 900'000;

std::string Bounded(prepull::Run run, size_t max_bytes = kMaxBytes) {
  return BoundedRunDocument(std::move(run), max_bytes, kDocumentNow, kWallNow);
}

std::vector<ImageOutcome> ManyImages(int count, ImageState state) {
  std::vector<ImageOutcome> images;
  for (int i = 0; i < count; ++i) {
    images.push_back(
        {.image = absl::StrCat("quay.io/a/", StateName(state), ":", i),
         .origin = absl::StrCat("images.txt:", i + 1),
         .state = state});
  }
  return images;
}

Run RunOfImages(std::vector<ImageOutcome> images) {
  RunRecord record = MixedRecord();
  record.images = std::move(images);
  return prepull::Run::Restore(std::move(record));
}

void Append(std::vector<ImageOutcome> more, std::vector<ImageOutcome>& images) {
  images.insert(images.end(), more.begin(), more.end());
}

TEST(BoundedRunDocumentTest, IsTheDocumentItselfWhereThatFits) {
  EXPECT_EQ(Bounded(MixedRun()), Written(MixedRun()));
  EXPECT_THAT(Written(MixedRun()), Not(HasSubstr("images_omitted")));
}

TEST(BoundedRunDocumentTest, HoldsItsBoundForAHundredThousandFailures) {
  std::vector<ImageOutcome> images = ManyImages(100'000, ImageState::kFailed);
  for (ImageOutcome& image : images) {
    image.message = std::string(1000, '"');
    image.reason = Reason::kNotFound;
  }
  RunRecord record = MixedRecord();
  record.images = std::move(images);
  record.message = std::string(100'000, '\\');
  for (int i = 0; i < 100'000; ++i) {
    record.not_usable.insert(absl::StrCat("quay.io/a/broken:", i));
  }

  const std::string text = Bounded(prepull::Run::Restore(std::move(record)));

  EXPECT_THAT(text, SizeIs(AllOf(Le(kMaxBytes), Ge(kMaxBytes - 10'000))));
  const absl::StatusOr<ReadRun> read = ParseRunDocument(text);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.total(), 100'000);
  EXPECT_EQ(read->run.counts().failed, 100'000);
  EXPECT_EQ(
      read->run.omitted() + static_cast<int64_t>(read->run.images().size()),
      100'000);
  EXPECT_THAT(read->run.images(), SizeIs(Ge(90u)));
  EXPECT_THAT(read->run.not_usable(), SizeIs(AllOf(Ge(1000u), Le(10'000u))));
}

TEST(BoundedRunDocumentTest, KeepsWhatFailedThenWhatStoppedThenTheRest) {
  std::vector<ImageOutcome> images = ManyImages(5000, ImageState::kPulled);
  Append(ManyImages(2, ImageState::kStopped), images);
  Append(ManyImages(2, ImageState::kFailed), images);

  const std::string text = Bounded(RunOfImages(std::move(images)));

  const absl::StatusOr<ReadRun> read = ParseRunDocument(text);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.images()[0].image, "quay.io/a/Failed:0");
  EXPECT_EQ(read->run.images()[1].image, "quay.io/a/Failed:1");
  EXPECT_EQ(read->run.images()[2].image, "quay.io/a/Stopped:0");
  EXPECT_EQ(read->run.images()[3].image, "quay.io/a/Stopped:1");
  EXPECT_EQ(read->run.images()[4].image, "quay.io/a/Pulled:0");
  EXPECT_EQ(read->run.images()[5].image, "quay.io/a/Pulled:1");
  EXPECT_THAT(
      text,
      HasSubstr(
          R"("total":5004,"pulled":5000,"skipped":0,"failed":2,)"
          R"("failed_pulls":["quay.io/a/Failed:0","quay.io/a/Failed:1"])"));
}

TEST(BoundedRunDocumentTest, FillsItsSpace) {
  const std::string text =
      Bounded(RunOfImages(ManyImages(10'000, ImageState::kPulled)));

  EXPECT_THAT(text, SizeIs(AllOf(Le(kMaxBytes), Ge(kMaxBytes - 500))));
}

TEST(BoundedRunDocumentTest, HoldsItsBoundWhateverItIs) {
  for (size_t bound = 16 << 10; bound < (16 << 10) + 700; bound += 13) {
    std::vector<ImageOutcome> images = ManyImages(40, ImageState::kFailed);
    Append(ManyImages(40, ImageState::kPulled), images);

    EXPECT_THAT(Bounded(RunOfImages(std::move(images)), bound),
                SizeIs(Le(bound)));
  }
}

TEST(BoundedRunDocumentTest, TellsTheTruthOfTheWholeRunWhenItIsReadBack) {
  std::vector<ImageOutcome> images = ManyImages(5000, ImageState::kPulled);
  Append(ManyImages(4000, ImageState::kSkipped), images);
  Append(ManyImages(3000, ImageState::kStopped), images);
  Append(ManyImages(6000, ImageState::kFailed), images);
  const prepull::Run run = RunOfImages(std::move(images));

  const absl::StatusOr<ReadRun> read = ParseRunDocument(Bounded(run));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(LastLine(read->run, absl::Seconds(9)),
            "9000 of 18000 images present; 6000 failed; 3000 stopped (9.0s)");
  EXPECT_EQ(LastLine(read->run, absl::Seconds(9)),
            LastLine(run, absl::Seconds(9)));
}

TEST(BoundedRunDocumentTest, CountsAsToGoWhatALivingRunLeavesOut) {
  RunRecord record = MixedRecord();
  record.exit_code = std::nullopt;
  record.phase = Phase::kPulling;
  record.bytes = {};
  record.images = ManyImages(9000, ImageState::kWaiting);
  Append(ManyImages(1000, ImageState::kPulled), record.images);

  const absl::StatusOr<ReadRun> read =
      ParseRunDocument(Bounded(prepull::Run::Restore(std::move(record))));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(LastLine(read->run, absl::Seconds(9)),
            "1000 of 10000 images present; 9000 to go (9.0s)");
}

TEST(BoundedRunDocumentTest, IsTheSameWhenItIsWrittenOnceMore) {
  const std::string text =
      Bounded(RunOfImages(ManyImages(10'000, ImageState::kFailed)));

  const absl::StatusOr<ReadRun> read = ParseRunDocument(text);

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(RunDocument(read->run, Instant(), read->updated_at), text);
}

TEST(ParseRunDocumentTest, BelievesNoAbsurdCountOfWhatIsLeftOut) {
  for (const std::string count : {"-1", "9223372036854775807", "null"}) {
    EXPECT_THAT(ParseRunDocument(Spoiled(
                    R"("images":[)", absl::StrCat(R"("images_omitted":)", count,
                                                  R"(,"images":[)"))),
                StatusIs(Code::kInvalidArgument,
                         HasSubstr("images_omitted: expected")));
  }
}

// Of a foreign hand: the counts do not fit each other.
TEST(ParseRunDocumentTest, TakesNoMoreForLeftOutThanTheDocumentSays) {
  const absl::StatusOr<ReadRun> read = ParseRunDocument(
      Spoiled(R"("images":[)", R"("images_omitted":3,"images":[)"));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.total(), 9);
  EXPECT_EQ(read->run.omitted(), 3);
  EXPECT_EQ(read->run.counts().stopped, 4);
}

}  // namespace
}  // namespace prepull
