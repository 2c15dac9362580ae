#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "prepull/report/run_document.h"
#include "test/report/run_document_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(ParseRunDocumentTest, ReadsBackWhatWasWritten) {
  const std::string text = Written(MixedRun());

  const absl::StatusOr<ReadRun> read = ParseRunDocument(text);

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(RunDocument(read->run, Instant(), read->updated_at), text);
  EXPECT_EQ(read->deadline, kWallNow + absl::Minutes(18));
  EXPECT_EQ(read->run.overall_timeout(), absl::Minutes(20));
}

TEST(ParseRunDocumentTest, CountsTheImagesItself) {
  const absl::StatusOr<ReadRun> read = ParseRunDocument(Written(MixedRun()));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.counts().waiting, 1);
  EXPECT_EQ(read->run.counts().pulling, 1);
  EXPECT_EQ(read->run.counts().ended(), 4);
  EXPECT_EQ(read->run.counts().present(), 2);
}

TEST(ParseRunDocumentTest, DoesNotMindKeysOfALaterVersion) {
  EXPECT_THAT(
      ParseRunDocument(Spoiled(R"("phase":)", R"("later":{"a":[1]},"phase":)")),
      IsOk());
}

TEST(ParseRunDocumentTest, DoesNotMindHowItIsSpacedOut) {
  EXPECT_THAT(ParseRunDocument(Indented(Written(MixedRun()))), IsOk());
}

// An older version beside a newer one, as after a downgrade.
TEST(ParseRunDocumentTest, DoesNotMindWordsOfALaterVersion) {
  const std::string later = absl::StrReplaceAll(
      Written(MixedRun()), {{R"("phase":"Interrupted")", R"("phase":"Later")"},
                            {R"("exit_code":3)", R"("exit_code":77)"},
                            {R"("state":"Failed")", R"("state":"Later")"},
                            {R"("reason":"NotFound")", R"("reason":"Later")"}});

  const absl::StatusOr<ReadRun> read = ParseRunDocument(later);

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.phase(), Phase::kFailed);
  EXPECT_EQ(static_cast<int>(*read->run.exit_code()), 77);
  EXPECT_EQ(read->run.images()[4].state, ImageState::kStopped);
  EXPECT_EQ(read->run.images()[4].reason, Reason::kUnknown);
  EXPECT_EQ(read->run.counts().failed, 0);
  EXPECT_EQ(read->run.counts().present(), 2);
}

TEST(ParseRunDocumentTest, TakesAnUnknownPhaseForWhatTheExitCodeSays) {
  const auto phase_of = [](const std::string& exit_code) {
    const absl::StatusOr<ReadRun> read = ParseRunDocument(absl::StrReplaceAll(
        Written(MixedRun()),
        {{R"("phase":"Interrupted")", R"("phase":"Later")"},
         {R"("exit_code":3)", absl::StrCat(R"("exit_code":)", exit_code)}}));
    return read.value().run.phase();
  };

  EXPECT_EQ(phase_of("null"), Phase::kPulling);
  EXPECT_EQ(phase_of("0"), Phase::kSucceeded);
  EXPECT_EQ(phase_of("70"), Phase::kFailed);
}

struct Spoiling {
  std::string from;
  std::string to;
  std::string complaint;
};

TEST(ParseRunDocumentTest, NamesThePlaceOfWhateverHasTheWrongType) {
  const std::vector<Spoiling> rows = {
      {R"("total":6)", R"("total":"6")", "total: expected an integer"},
      {R"("total":6)", R"("total":6.5)", "total: expected an integer"},
      {R"("total":6,)", "", "total: expected an integer"},
      {R"("schema":"prepull.status/v1")", R"("schema":1)",
       "schema: expected prepull.status/v1"},
      {R"(status/v1)", R"(status/v2)", "schema: expected prepull.status/v1"},
      {R"("phase":"Interrupted")", R"("phase":7)", "phase: expected a string"},
      {R"("exit_code":3)", R"("exit_code":256)",
       "exit_code: expected 0 to 255"},
      {R"("exit_code":3)", R"("exit_code":-1)", "exit_code: expected 0 to 255"},
      {R"("exit_code":3)", R"("exit_code":true)",
       "exit_code: expected an integer"},
      {R"("node":"worker-1")", R"("node":null)", "node: expected a string"},
      {R"("instance":"my-images")", R"("instance":{})",
       "instance: expected a string"},
      {R"("started_at":")", R"("started_at":"yesterday)",
       "started_at: expected an RFC 3339 time"},
      {R"("started_at":"2026-01-02T03:02:05.678Z")", R"("started_at":null)",
       "started_at: expected an RFC 3339 time"},
      {R"("updated_at":"2026-01-02T03:04:05.678Z")", R"("updated_at":1)",
       "updated_at: expected an RFC 3339 time"},
      {R"("deadline":"2026-01-02T03:22:05.678Z")",
       R"("deadline":"infinite-future")",
       "deadline: expected an RFC 3339 time"},
      {R"("finished_at":")", R"("finished_at":"x)",
       "finished_at: expected an RFC 3339 time"},
      {R"("runtime":{)", R"("runtime":[],"x":{)",
       "runtime: expected an object or null"},
      {R"("version":"1.7.24")", R"("version":1.7)",
       "runtime.version: expected a string"},
      {R"("resume":true)", R"("resume":"yes")",
       "runtime.resume: expected true or false"},
      {R"("images":[)", R"("images":{},"x":[)", "images: expected an array"},
      {R"("images":[)", R"("images":["a",)", "images[0]: expected an object"},
      {R"("origin":"images.txt:1")", R"("origin":1)",
       "images[0].origin: expected a string"},
      {R"("attempts":2)", R"("attempts":null)",
       "images[2].attempts: expected an integer"},
      {R"("attempts":2)", R"("attempts":[])",
       "images[2].attempts: expected an integer"},
      {R"("bytes_done":1048576)", R"("bytes_done":1e9)",
       "images[1].bytes_done: expected an integer"},
      {R"("bytes_total":4194304)", R"("bytes_total":"4194304")",
       "images[1].bytes_total: expected an integer"},
      {R"("size_bytes":1000)", R"("size_bytes":false)",
       "images[3].size_bytes: expected an integer"},
      {R"("duration_seconds":38.12)", R"("duration_seconds":"38s")",
       "images[2].duration_seconds: expected a number"},
      {R"("pinned":true)", R"("pinned":1)",
       "images[2].pinned: expected true or false"},
      {R"("state":"Failed")", R"("state":4)",
       "images[4].state: expected a string"},
      {R"("reason":"NotFound")", R"("reason":null)",
       "images[4].reason: expected a string"},
      {R"("message":"manifest unknown")", R"("message":["a"])",
       "images[4].message: expected a string"},
      {R"("image_ref":"sha256:0123abcd",)", "",
       "images[2].image_ref: expected a string"},
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
                StatusIs(Code::kInvalidArgument, StartsWith("invalid JSON: ")));
  }
}

TEST(ParseRunDocumentTest, RefusesJsonThatIsNoObject) {
  EXPECT_THAT(
      ParseRunDocument("[]"),
      StatusIs(Code::kInvalidArgument, "invalid JSON: expected an object"));
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
  EXPECT_EQ(read->run.images()[2].attempts, std::numeric_limits<int>::max());
  EXPECT_THAT(RunDocument(read->run, kDocumentNow, kWallNow),
              HasSubstr(R"("duration_seconds":null)"));
}

TEST(ParseRunDocumentTest, LetsNoControlCharacterThrough) {
  const absl::StatusOr<ReadRun> read = ParseRunDocument(
      Spoiled("manifest unknown", R"(\u001b[2Jgone\u0000\r\n\u0085)"));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.images()[4].message, " [2Jgone    ");
}

TEST(ParseRunDocumentTest, CutsTextThatIsTooLong) {
  const absl::StatusOr<ReadRun> read =
      ParseRunDocument(Spoiled("manifest unknown", std::string(10000, 'a')));

  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(read->run.images()[4].message, SizeIs(4096));
}

}  // namespace
}  // namespace prepull
