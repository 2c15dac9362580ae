#include "prepull/report/run_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/report/run_document_fixture.h"
#include "test/support/runs.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kGolden[] = "test/golden/status.json";  // in the project

std::string ReadGolden() {
  std::ostringstream text;
  text << std::ifstream(kGolden).rdbuf();
  return text.str();
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
      R"("bytes":{"done":0,"total":null},"ended_connections":0,)"
      R"("not_usable":[],"images":[]})"
      "\n");
}

TEST(RunDocumentTest, BringsBackWhatTheConnectionsAreUsedFor) {
  RunRecord record = MixedRecord();
  record.runtime.features = {.resume = Resume::kWithinPull,
                             .connections = true};
  record.ended_connections = 7;

  const absl::StatusOr<ReadRun> read =
      ParseRunDocument(Written(Run::Restore(record)));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.features().resume, Resume::kWithinPull);
  EXPECT_TRUE(read->run.features().connections);
  EXPECT_EQ(read->run.ended_connections(), 7);
}

TEST(RunDocumentTest, BringsBackWhatIsNotUsable) {
  RunRecord record = MixedRecord();
  record.not_usable = {"quay.io/a/b:1", "quay.io/a/c:1"};
  record.tolerated = true;
  record.images[1].pulled_as = "mirror.example/a/pulling:1";

  const absl::StatusOr<ReadRun> read =
      ParseRunDocument(Written(Run::Restore(record)));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run.not_usable(), record.not_usable);
  EXPECT_TRUE(read->run.tolerated());
  EXPECT_EQ(read->run.images()[1].pulled_as, "mirror.example/a/pulling:1");
}

// As older versions wrote it.
TEST(RunDocumentTest, ReadsADocumentWithoutTheLaterKeys) {
  std::string text = Written(MixedRun());
  text = absl::StrReplaceAll(text, {{R"("tolerated":false,)", ""},
                                    {R"("not_usable":[],)", ""},
                                    {R"(,"watch_connections":false)", ""},
                                    {R"("ended_connections":0,)", ""},
                                    {R"(,"pulled_as":"")", ""}});

  EXPECT_THAT(ParseRunDocument(text), IsOk());
}

TEST(RunDocumentTest, KnowsNoTotalWhileTheListIsRead) {
  const absl::StatusOr<ReadRun> read =
      ParseRunDocument(Written(BeginningRun()));

  ASSERT_THAT(read, IsOk());
  EXPECT_FALSE(read->run.list_known());
  EXPECT_EQ(read->run.phase(), Phase::kPreparing);
  EXPECT_EQ(read->run.exit_code(), std::nullopt);
  EXPECT_THAT(read->run.images(), IsEmpty());
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

  run.UpdateBytes({.done = 7, .total = 8});

  EXPECT_THAT(Written(run), HasSubstr(R"("bytes":{"done":7,"total":8})"));
  EXPECT_EQ(ParseRunDocument(Written(run))->run.bytes().total, 8);
}

TEST(RunDocumentTest, TellsHowLongAnImageHasBeenPulledThatIsStillPulled) {
  EXPECT_THAT(Written(MixedRun()),
              HasSubstr(R"("state":"Pulling","attempts":1,)"
                        R"("bytes_done":1048576,"bytes_total":4194304,)"
                        R"("size_bytes":null,"duration_seconds":1.5,)"));
}

TEST(RunDocumentTest, ListsEveryFailedImageUnderFailedPulls) {
  const prepull::Run run = RunOf(
      {{.image = "a", .origin = "l:1", .state = ImageState::kFailed},
       {.image = "say \"b\"", .origin = "l:2", .state = ImageState::kFailed}});

  EXPECT_THAT(Written(run), HasSubstr(R"("failed_pulls":["a","say \"b\""],)"));
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
