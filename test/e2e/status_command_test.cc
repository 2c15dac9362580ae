// prepull status, beside a run and after it.
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/cri/file_wait.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class StatusCommandTest : public E2eTest {
 protected:
  std::vector<std::string> StatusWords(std::vector<std::string> words) const {
    words.insert(words.begin(), {"status", "--status-file", status_path()});
    return words;
  }
  Ended RunStatus(std::vector<std::string> words) const {
    return RunPrepull(StatusWords(std::move(words)));
  }
};

TEST_F(StatusCommandTest, ShowsTheImagesOfARun) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  ASSERT_THAT(Fetch({"quay.io/a:1", "quay.io/a:gone"}), ExitsWith(1));

  const Ended status = RunStatus({});

  EXPECT_THAT(status, ExitsWith(0));
  EXPECT_THAT(status.out,
              AllOf(StartsWith("IMAGE           STATE   ATTEMPTS   SIZE  TIME"),
                    ContainsRegex("\nquay.io/a:1     Pulled +1 +1.0kB"),
                    ContainsRegex("\nquay.io/a:gone  Failed +1 +- .*NotFound"),
                    HasSubstr("\nFailed: 1 of 2 images present; 1 failed (")));
  EXPECT_THAT(RunStatus({"--no-headers"}).out, StartsWith("quay.io/a:1 "));
  EXPECT_EQ(RunStatus({"-o", "name"}).out, "quay.io/a:1\n");
  EXPECT_EQ(RunStatus({"-o", "json"}).out, ReadAll(status_path()));
}

TEST_F(StatusCommandTest, TakesThePathFromTheEnvironment) {
  ASSERT_THAT(Fetch({"quay.io/a:1"}), ExitsWith(0));

  EXPECT_THAT(RunPrepull({"status"}, {{"PREPULL_STATUS_FILE", status_path()}}),
              ExitsWith(0));
  EXPECT_THAT(RunPrepull({"status"}), ExitsWith(2));
}

TEST_F(StatusCommandTest, RemovesAStatusFileAndIsContentWithNone) {
  ASSERT_THAT(Fetch({"quay.io/a:1"}), ExitsWith(0));

  const Ended first = RunStatus({"--remove"});
  const Ended second = RunStatus({"--remove"});

  EXPECT_THAT(first, ExitsWith(0));
  EXPECT_EQ(first.out, "removed " + status_path() + "\n");
  EXPECT_THAT(second, ExitsWith(0));
  EXPECT_EQ(second.out, "no file " + status_path() + "\n");
}

// https://github.com/openshift-kni/lifecycle-agent, internal/precache
TEST_F(StatusCommandTest, RemovesOneOfLifecycleAgent) {
  for (const char* document :
       {"{\"total\":136,\"pulled\":2,\"failed\":0,\"failed_pulls\":null}",
        "{\"total\":2,\"pulled\":1,\"skipped\":0,\"failed\":1,"
        "\"failed_pulls\":[\"quay.io/a:1\"]}"}) {
    folder_.Write("status.json", document);
    EXPECT_THAT(RunStatus({"--remove"}), ExitsWith(0));
    EXPECT_THAT(RunStatus({}), ExitsWith(2));
  }
}

TEST_F(StatusCommandTest, RemovesNothingElse) {
  for (const char* document :
       {"", "{}", "text", "{\"total\":1}", "{\"schema\":\"other/v1\"}",
        "{\"total\":1,\"pulled\":1,\"failed\":0,\"failed_pulls\":[],"
        "\"more\":1}"}) {
    folder_.Write("status.json", document);
    const Ended refused = RunStatus({"--remove"});

    EXPECT_THAT(refused, ExitsWith(2));
    EXPECT_THAT(refused.err, HasSubstr("not removed"));
    EXPECT_EQ(ReadAll(status_path()), document);
  }
  EXPECT_THAT(RunStatus({"--remove", "--wait"}), ExitsWith(2));
}

TEST_F(StatusCommandTest, IsTwoForWhatIsNoStatusFile) {
  const Ended missing = RunStatus({});
  folder_.Write("status.json", "{\"total\": 1}");
  const Ended foreign = RunStatus({});

  EXPECT_THAT(missing, ExitsWith(2));
  EXPECT_THAT(missing.err, HasSubstr("no such file or directory"));
  EXPECT_THAT(foreign, ExitsWith(2));
  EXPECT_THAT(foreign.err, HasSubstr("schema: expected prepull.status/v1"));
}

TEST_F(StatusCommandTest, ReadsADocumentFromStandardInput) {
  ASSERT_THAT(Fetch({"quay.io/a:1"}), ExitsWith(0));
  ProcessSetup setup = {
      .arguments = {"status", "--status-file", "-", "-o", "json"},
      .input = ReadAll(status_path())};

  EXPECT_EQ(RunProcess(setup).out, ReadAll(status_path()));

  setup.input = "";
  const Ended empty = RunProcess(setup);
  EXPECT_THAT(empty, ExitsWith(2));
  EXPECT_THAT(empty.err, HasSubstr("standard input: it is empty"));

  setup.input = "{}";
  const Ended foreign = RunProcess(setup);
  EXPECT_THAT(foreign, ExitsWith(2));
  EXPECT_THAT(foreign.err, HasSubstr("standard input: schema: expected"));
}

TEST_F(StatusCommandTest, CannotWaitForStandardInput) {
  const Ended ended = RunPrepull({"status", "--status-file", "-", "--wait"});

  EXPECT_THAT(ended, ExitsWith(2));
  EXPECT_THAT(ended.err, HasSubstr("--wait: standard input does not change"));
}

TEST_F(StatusCommandTest, SaysHowManyImagesADocumentLeavesOut) {
  ASSERT_THAT(Fetch({"quay.io/a:1"}), ExitsWith(0));
  folder_.Write("status.json",
                absl::StrReplaceAll(
                    ReadAll(status_path()),
                    {{R"("total":1,"pulled":1)", R"("total":9,"pulled":9)"},
                     {R"("images":[)", R"("images_omitted":8,"images":[)"}}));

  const Ended status = RunStatus({});

  EXPECT_THAT(status, ExitsWith(0));
  EXPECT_THAT(status.out, HasSubstr("Succeeded: 9 of 9 images present"));
  EXPECT_THAT(status.err, HasSubstr("8 images that the document leaves out"));
}

TEST_F(StatusCommandTest, ReadsTheFileOfALaterVersion) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  ASSERT_THAT(Fetch({"quay.io/a:gone"}), ExitsWith(1));
  folder_.Write("status.json",
                absl::StrReplaceAll(ReadAll(status_path()),
                                    {{R"("exit_code":1)", R"("exit_code":77)"},
                                     {"NotFound", "Evaporated"}}));

  EXPECT_THAT(RunStatus({}), ExitsWith(0));
  EXPECT_THAT(RunStatus({"--wait"}), ExitsWith(77));
  EXPECT_THAT(RunStatus({}).out, ContainsRegex("quay.io/a:gone +Failed"));
}

TEST_F(StatusCommandTest, ShowsARunThatIsStillUnderWay) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(FetchSetup({"quay.io/a:1"}));
  ASSERT_TRUE(AskUntil([&] { return Status("/phase") == "Pulling"; }));

  const Ended status = RunStatus({});

  EXPECT_THAT(status, ExitsWith(0));
  EXPECT_THAT(status.out,
              HasSubstr("\nPulling: 0 of 1 image present; 1 to go ("));
}

TEST_F(StatusCommandTest, WaitsForARunThatHasNotBegunAndEndsWithItsCode) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  PrepullProcess status({.arguments = StatusWords({"--wait"})});
  ASSERT_TRUE(status.WaitUntilItHearsSignals());

  ASSERT_THAT(Fetch({"quay.io/a:gone"}), ExitsWith(1));

  const Ended ended = status.Wait();
  EXPECT_THAT(ended, ExitsWith(1));
  EXPECT_THAT(ended.out, HasSubstr("0 of 1 image present; 1 failed"));
}

TEST_F(StatusCommandTest, WaitsForARunThatIsUnderWay) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(FetchSetup({"quay.io/a:1"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  PrepullProcess status({.arguments = StatusWords({"--wait", "-o", "json"})});
  ASSERT_TRUE(status.WaitUntilItHearsSignals());

  server_.Release();

  ASSERT_THAT(fetch.Wait(), ExitsWith(0));
  const Ended ended = status.Wait();
  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_EQ(ended.out, ReadAll(status_path()));
}

TEST_F(StatusCommandTest, SaysAtOnceThatARunHasDied) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(FetchSetup({"quay.io/a:1"}));
  ASSERT_TRUE(AskUntil([&] { return Status("/phase") == "Pulling"; }));
  fetch.Signal(SIGKILL);
  fetch.Wait();
  const std::string updated = Status("/updated_at");
  folder_.Write("status.json",
                absl::StrReplaceAll(ReadAll(status_path()),
                                    {{updated, "2026-01-02T03:04:05.678Z"}}));
  const absl::Time begun = absl::Now();

  const Ended status = RunStatus({"--wait"});

  EXPECT_THAT(status, ExitsWith(3));
  EXPECT_THAT(status.err, ContainsRegex("the run has died: it wrote nothing "
                                        "for [0-9hms]+\n$"));
  EXPECT_LT(absl::Now() - begun, absl::Seconds(5));
}

// The list takes its time, as one from a registry that is away does.
TEST_F(StatusCommandTest, WaitsForARunThatIsBusyWithItsList) {
  ProcessSetup setup = FetchSetup({"--image-list-file", "-"});
  setup.input = std::nullopt;
  PrepullProcess fetch(setup);
  ASSERT_TRUE(WaitUntilFileExists(status_path()));
  const std::string first = Status("/updated_at");

  EXPECT_TRUE(AskUntil([&] { return Status("/updated_at") != first; }));

  EXPECT_EQ(Status("/phase"), "Preparing");
}

TEST_F(StatusCommandTest, StopsWaitingAtASignal) {
  PrepullProcess status({.arguments = StatusWords({"--wait"})});
  ASSERT_TRUE(status.WaitUntilItHearsSignals());

  status.Signal(SIGTERM);

  const Ended ended = status.Wait();
  EXPECT_THAT(ended, ExitsWith(3));
  EXPECT_THAT(ended.err, Not(HasSubstr("hint")));
}

}  // namespace
}  // namespace prepull
