#include "prepull/report/run_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kGolden[] = "test/golden/status.json";  // in the project

const Instant kNow = Instant(absl::Hours(1));
const absl::Time kWallNow = absl::FromUnixMillis(1767323045678);

ImageOutcome& Add(Run& run, ImageState state, ImageOutcome image) {
  run.images.push_back(std::move(image));
  ++run.counts.waiting;
  run.Move(run.images.back(), state);
  return run.images.back();
}

Run BeginningRun() {
  return {.id = "6f0c0d1e2a3b4c5d",
          .node = "worker-1",
          .instance = "my-images",
          .started_at = kWallNow - absl::Minutes(2),
          .start = kNow - absl::Minutes(2),
          .overall_timeout = absl::Minutes(20)};
}

// A run with an image in every state.
Run MixedRun() {
  prepull::Run run = BeginningRun();
  run.list_known = true;
  run.phase = Phase::kInterrupted;
  run.exit_code = ExitCode::kStopped;
  run.finished_at = kWallNow;
  run.runtime = {.name = "containerd",
                 .version = "1.7.24",
                 .socket = "/run/containerd/containerd.sock",
                 .features = {.byte_progress = true, .resume = true}};
  run.bytes = {.done = 40908455};
  run.images.reserve(6);
  Add(run, ImageState::kWaiting,
      {.image = "quay.io/a/waiting:1",
       .origin = "images.txt:1",
       .attempts = 1,
       .started_at = kNow - absl::Seconds(90),
       .reason = Reason::kRateLimited,
       .message = "429 too many requests"});
  Add(run, ImageState::kPulling,
      {.image = "quay.io/a/pulling:1",
       .origin = "images.txt:2",
       .attempts = 1,
       .started_at = kNow - absl::Milliseconds(1500),
       .bytes_done = 1048576,
       .bytes_total = 4194304});
  Add(run, ImageState::kPulled,
      {.image = "quay.io/a/pulled:1",
       .origin = "images.txt:3",
       .attempts = 2,
       .started_at = kNow - absl::Minutes(1),
       .took = absl::Milliseconds(38120),
       .bytes_done = 39859879,
       .bytes_total = 39859879,
       .size_bytes = 123456789012,
       .image_ref = "sha256:0123abcd",
       .pinned = true});
  Add(run, ImageState::kSkipped,
      {.image = "quay.io/a/skipped:1",
       .origin = "images.txt:4",
       .size_bytes = 1000});
  Add(run, ImageState::kFailed,
      {.image = "quay.io/a/failed:1",
       .origin = "images.txt:5",
       .attempts = 1,
       .started_at = kNow - absl::Minutes(1),
       .took = absl::Milliseconds(210),
       .reason = Reason::kNotFound,
       .message = "manifest unknown"});
  Add(run, ImageState::kStopped,
      {.image = "quay.io/a/stopped:1",
       .origin = "argument 1",
       .reason = Reason::kInterrupted,
       .message = "interrupted \"by\" SIGTERM"});
  return run;
}

std::string Written(const Run& run) { return RunDocument(run, kNow, kWallNow); }

std::string ReadGolden() {
  std::ostringstream text;
  text << std::ifstream(kGolden).rdbuf();
  return text.str();
}

// The document of MixedRun with `from` replaced by `to`.
std::string Spoiled(const std::string& from, const std::string& to) {
  const std::string whole = Written(MixedRun());
  std::string spoiled = absl::StrReplaceAll(whole, {{from, to}});
  EXPECT_NE(whole, spoiled) << from;
  return spoiled;
}

TEST(RunDocumentTest, EqualsTheGoldenFile) {
  const std::string text = Indented(Written(MixedRun()));

  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(kGolden) << text;

  EXPECT_EQ(text, ReadGolden()) << "UPDATE_GOLDEN=1 refreshes it";
}

// The order of DESIGN section 3; lifecycle-agent's keys come first.
TEST(RunDocumentTest, HasItsKeysInTheOrderOfTheContract) {
  EXPECT_EQ(
      Written(BeginningRun()),
      R"({"total":null,"pulled":0,"skipped":0,"failed":0,"failed_pulls":[],)"
      R"("schema":"prepull.status/v1","phase":"Preparing","exit_code":null,)"
      R"("reason":"","message":"","tolerated":false,)"
      R"("node":"worker-1","instance":"my-images",)"
      R"("run_id":"6f0c0d1e2a3b4c5d",)"
      R"("started_at":"2026-01-02T03:02:05.678Z",)"
      R"("updated_at":"2026-01-02T03:04:05.678Z","finished_at":null,)"
      R"("deadline":"2026-01-02T03:22:05.678Z","runtime":null,)"
      R"("bytes":{"done":0,"total":null},"not_usable":[],"images":[]})"
      "\n");
}

TEST(RunDocumentTest, BringsBackWhatIsNotUsable) {
  prepull::Run run = MixedRun();
  run.not_usable = {"quay.io/a/b:1", "quay.io/a/c:1"};
  run.tolerated = true;
  run.images[1].pulled_as = "mirror.example/a/pulling:1";

  const absl::StatusOr<ReadRun> read = ParseRunDocument(Written(run));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.not_usable, run.not_usable);
  EXPECT_TRUE(read->run.tolerated);
  EXPECT_EQ(read->run.images[1].pulled_as, "mirror.example/a/pulling:1");
}

// As older versions wrote it.
TEST(RunDocumentTest, ReadsADocumentWithoutTheLaterKeys) {
  std::string text = Written(MixedRun());
  text = absl::StrReplaceAll(text, {{R"("tolerated":false,)", ""},
                                    {R"("not_usable":[],)", ""},
                                    {R"(,"pulled_as":"")", ""}});

  EXPECT_THAT(ParseRunDocument(text), IsOk());
}

TEST(RunDocumentTest, KnowsNoTotalWhileTheListIsRead) {
  const absl::StatusOr<ReadRun> read =
      ParseRunDocument(Written(BeginningRun()));

  ASSERT_THAT(read, IsOk());
  EXPECT_FALSE(read->run.list_known);
  EXPECT_EQ(read->run.phase, Phase::kPreparing);
  EXPECT_EQ(read->run.exit_code, std::nullopt);
  EXPECT_THAT(read->run.images, IsEmpty());
}

TEST(RunDocumentTest, CountsAStoppedImageInNoneOfTheFourCounts) {
  EXPECT_THAT(Written(MixedRun()),
              StartsWith(R"({"total":6,"pulled":1,"skipped":1,"failed":1,)"
                         R"("failed_pulls":["quay.io/a/failed:1"],)"));
}

TEST(RunDocumentTest, TellsTheBytesOfTheRunAndNoSumOverItsImages) {
  prepull::Run run = MixedRun();
  EXPECT_THAT(Written(run),
              HasSubstr(R"("bytes":{"done":40908455,"total":null})"));

  run.bytes = {.done = 7, .total = 8};

  EXPECT_THAT(Written(run), HasSubstr(R"("bytes":{"done":7,"total":8})"));
  EXPECT_EQ(ParseRunDocument(Written(run))->run.bytes.total, 8);
}

TEST(RunDocumentTest, TellsHowLongAnImageHasBeenPulledThatIsStillPulled) {
  EXPECT_THAT(Written(MixedRun()),
              HasSubstr(R"("state":"Pulling","attempts":1,)"
                        R"("bytes_done":1048576,"bytes_total":4194304,)"
                        R"("size_bytes":null,"duration_seconds":1.5,)"));
}

TEST(RunDocumentTest, ListsEveryFailedImageUnderFailedPulls) {
  prepull::Run run = BeginningRun();
  run.images.reserve(2);
  Add(run, ImageState::kFailed, {.image = "a", .origin = "l:1"});
  Add(run, ImageState::kFailed, {.image = "say \"b\"", .origin = "l:2"});

  EXPECT_THAT(Written(run), HasSubstr(R"("failed_pulls":["a","say \"b\""],)"));
}

TEST(ParseRunDocumentTest, ReadsBackWhatWasWritten) {
  const std::string text = Written(MixedRun());

  const absl::StatusOr<ReadRun> read = ParseRunDocument(text);

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(RunDocument(read->run, Instant(), read->updated_at), text);
  EXPECT_EQ(read->deadline, kWallNow + absl::Minutes(18));
  EXPECT_EQ(read->run.overall_timeout, absl::Minutes(20));
}

TEST(ParseRunDocumentTest, CountsTheImagesItself) {
  const absl::StatusOr<ReadRun> read = ParseRunDocument(Written(MixedRun()));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.counts.waiting, 1);
  EXPECT_EQ(read->run.counts.pulling, 1);
  EXPECT_EQ(read->run.counts.ended(), 4);
  EXPECT_EQ(read->run.counts.present(), 2);
}

TEST(ParseRunDocumentTest, DoesNotMindKeysOfALaterVersion) {
  EXPECT_THAT(
      ParseRunDocument(Spoiled(R"("phase":)", R"("later":{"a":[1]},"phase":)")),
      IsOk());
}

TEST(ParseRunDocumentTest, DoesNotMindHowItIsSpacedOut) {
  EXPECT_THAT(ParseRunDocument(Indented(Written(MixedRun()))), IsOk());
}

struct Spoiling {
  std::string from;
  std::string to;
  std::string complaint;
};

TEST(ParseRunDocumentTest, NamesThePlaceOfWhateverHasTheWrongType) {
  const std::vector<Spoiling> rows = {
      {R"("total":6)", R"("total":"6")", "total is not a number"},
      {R"("total":6)", R"("total":6.5)", "total is not a number"},
      {R"("total":6,)", "", "total is not a number"},
      {R"("schema":"prepull.status/v1")", R"("schema":1)",
       "is no prepull.status/v1 document"},
      {R"(status/v1)", R"(status/v2)", "is no prepull.status/v1 document"},
      {R"("phase":"Interrupted")", R"("phase":"Sleeping")",
       "phase is not a word of this schema"},
      {R"("phase":"Interrupted")", R"("phase":7)", "phase is not a string"},
      {R"("exit_code":3)", R"("exit_code":6)",
       "exit_code is not between 0 and 5"},
      {R"("exit_code":3)", R"("exit_code":true)", "exit_code is not a number"},
      {R"("node":"worker-1")", R"("node":null)", "node is not a string"},
      {R"("instance":"my-images")", R"("instance":{})",
       "instance is not a string"},
      {R"("started_at":")", R"("started_at":"yesterday)",
       "started_at is not a time"},
      {R"("started_at":"2026-01-02T03:02:05.678Z")", R"("started_at":null)",
       "started_at is not a time"},
      {R"("updated_at":"2026-01-02T03:04:05.678Z")", R"("updated_at":1)",
       "updated_at is not a time"},
      {R"("deadline":"2026-01-02T03:22:05.678Z")",
       R"("deadline":"infinite-future")", "deadline is not a time"},
      {R"("finished_at":")", R"("finished_at":"x)",
       "finished_at is not a time"},
      {R"("runtime":{)", R"("runtime":[],"x":{)", "runtime is not an object"},
      {R"("version":"1.7.24")", R"("version":1.7)",
       "runtime.version is not a string"},
      {R"("resume":true)", R"("resume":"yes")",
       "runtime.resume is not true or false"},
      {R"("images":[)", R"("images":{},"x":[)", "images is not an array"},
      {R"("images":[)", R"("images":["a",)", "images[0] is no object"},
      {R"("origin":"images.txt:1")", R"("origin":1)",
       "images[0].origin is not a string"},
      {R"("attempts":2)", R"("attempts":null)",
       "images[2].attempts is not a number"},
      {R"("attempts":2)", R"("attempts":[])",
       "images[2].attempts is not a number"},
      {R"("bytes_done":1048576)", R"("bytes_done":1e9)",
       "images[1].bytes_done is not a number"},
      {R"("bytes_total":4194304)", R"("bytes_total":"4194304")",
       "images[1].bytes_total is not a number"},
      {R"("size_bytes":1000)", R"("size_bytes":false)",
       "images[3].size_bytes is not a number"},
      {R"("duration_seconds":38.12)", R"("duration_seconds":"38s")",
       "images[2].duration_seconds is not a number"},
      {R"("pinned":true)", R"("pinned":1)",
       "images[2].pinned is not true or false"},
      {R"("state":"Failed")", R"("state":"failed")",
       "images[4].state is not a word of this schema"},
      {R"("reason":"NotFound")", R"("reason":"Nowhere")",
       "images[4].reason is not a word of this schema"},
      {R"("message":"manifest unknown")", R"("message":["a"])",
       "images[4].message is not a string"},
      {R"("image_ref":"sha256:0123abcd",)", "",
       "images[2].image_ref is not a string"},
  };
  for (const Spoiling& row : rows) {
    SCOPED_TRACE(absl::StrCat(row.from, " -> ", row.to));
    EXPECT_THAT(ParseRunDocument(Spoiled(row.from, row.to)),
                StatusIs(Code::kInvalidArgument, row.complaint));
  }
}

TEST(ParseRunDocumentTest, RefusesWhatIsNoJson) {
  const std::string whole = Written(MixedRun());
  const std::vector<std::string> texts = {
      "",
      "status",
      "{",
      whole.substr(0, whole.size() / 2),
      whole + whole,
      absl::StrCat("\xEF\xBB\xBF", whole),
      std::string(100, '\0'),
      "{\"schema\":\"\xff\xfe\"}",
      "{\"schema\":\"\xed\xa0\x80\"}",  // half of a surrogate pair
      std::string(1000000, '['),
      absl::StrReplaceAll(std::string(1000, 'x'), {{"x", "{\"x\":"}}),
  };
  for (const std::string& text : texts) {
    SCOPED_TRACE(text.substr(0, 80));
    EXPECT_THAT(ParseRunDocument(text),
                StatusIs(Code::kInvalidArgument, StartsWith("is no JSON: ")));
  }
}

TEST(ParseRunDocumentTest, RefusesJsonThatIsNoObject) {
  EXPECT_THAT(ParseRunDocument("[]"),
              StatusIs(Code::kInvalidArgument, "is no JSON object"));
  EXPECT_THAT(ParseRunDocument("null"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseRunDocument("{}"), StatusIs(Code::kInvalidArgument));
}

TEST(ParseRunDocumentTest, TakesNoNumberThatDoesNotFit) {
  const std::vector<std::string> numbers = {"9223372036854775808",
                                            "-9223372036854775809", "1e400",
                                            std::string(10000, '9')};
  for (const std::string& number : numbers) {
    SCOPED_TRACE(number.substr(0, 80));
    EXPECT_THAT(ParseRunDocument(Spoiled(R"("bytes_done":1048576)",
                                         R"("bytes_done":)" + number)),
                StatusIs(Code::kInvalidArgument));
  }
}

TEST(ParseRunDocumentTest, KeepsHugeNumbersWithinBounds) {
  const absl::StatusOr<ReadRun> read = ParseRunDocument(absl::StrReplaceAll(
      Written(MixedRun()),
      {{R"("attempts":2)", R"("attempts":4294967297)"},
       {R"("duration_seconds":38.12)", R"("duration_seconds":1e300)"}}));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.images[2].attempts, std::numeric_limits<int>::max());
  EXPECT_THAT(RunDocument(read->run, kNow, kWallNow),
              HasSubstr(R"("duration_seconds":null)"));
}

TEST(ParseRunDocumentTest, LetsNoControlCharacterThrough) {
  const absl::StatusOr<ReadRun> read = ParseRunDocument(
      Spoiled("manifest unknown", R"(\u001b[2Jgone\u0000\r\n\u0085)"));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.images[4].message, " [2Jgone    ");
}

TEST(ParseRunDocumentTest, CutsTextThatIsTooLong) {
  const absl::StatusOr<ReadRun> read =
      ParseRunDocument(Spoiled("manifest unknown", std::string(10000, 'a')));

  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(read->run.images[4].message, SizeIs(4096));
}

// `status -o json` prints the file as it is, and somebody may have spread it
// out before.
TEST(IndentedTest, MeansTheSameAsBeforeAlsoTheSecondTime) {
  const std::string text = Written(MixedRun());
  const std::string once = Indented(text);

  const absl::StatusOr<ReadRun> read = ParseRunDocument(once);

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(RunDocument(read->run, Instant(), read->updated_at), text);
  EXPECT_EQ(Indented(once), once);
}

}  // namespace
}  // namespace prepull
