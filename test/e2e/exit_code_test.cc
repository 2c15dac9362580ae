// Every row of the exit-code table, with the status file each leaves behind.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "absl/time/clock.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/cri/file_wait.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

#if defined(__has_feature)  // clang, which builds what is sanitized
constexpr bool kIsSanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSanitized = false;
#endif

class ExitCodeTest : public E2eTest {};

TEST_F(ExitCodeTest, IsZeroWhenEveryImageIsOnTheNode) {
  server_.Store("quay.io/a:present");

  const Ended fetch = Fetch({"quay.io/a:present", "quay.io/a:new"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(fetch.out, HasSubstr("2 of 2 images present ("));
  EXPECT_EQ(Status("/exit_code"), "0");
  EXPECT_EQ(Status("/phase"), "Succeeded");
  EXPECT_EQ(Status("/total"), "2");
  EXPECT_EQ(Status("/skipped"), "1");
  EXPECT_EQ(Status("/pulled"), "1");
  EXPECT_EQ(Status("/failed_pulls"), "[]");
  EXPECT_EQ(Status("/images/0/state"), "Skipped");
  EXPECT_EQ(Status("/images/1/state"), "Pulled");
  EXPECT_EQ(Status("/images/1/size_bytes"), "1000");
}

TEST_F(ExitCodeTest, IsOneWhenAnImageFailedForGood) {
  server_.Script("quay.io/a:gone", {MissingImage()});

  const Ended fetch = Fetch({"quay.io/a:gone", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(1));
  EXPECT_THAT(fetch.err, EndsWith("prepull: 1 image is missing\n"));
  EXPECT_EQ(server_.PullsOf("quay.io/a:gone").size(), 1u);
  EXPECT_EQ(Status("/exit_code"), "1");
  EXPECT_EQ(Status("/phase"), "Failed");
  EXPECT_EQ(Status("/pulled"), "1");
  EXPECT_EQ(Status("/failed_pulls"), R"(["quay.io/a:gone"])");
  EXPECT_EQ(Status("/images/0/reason"), "NotFound");
}

TEST_F(ExitCodeTest, IsOneWhenAnImageVanishedBehindOurBack) {
  server_.Store("quay.io/a:vanishing");
  server_.Script("quay.io/a:slow", {Forever()});
  PrepullProcess fetch(FetchSetup({"quay.io/a:vanishing", "quay.io/a:slow"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));

  server_.Remove("quay.io/a:vanishing");
  server_.Release();

  EXPECT_THAT(fetch.Wait(), ExitsWith(1));
  EXPECT_EQ(Status("/failed_pulls"), R"(["quay.io/a:vanishing"])");
}

TEST_F(ExitCodeTest, IsTwoForABadFlagAndNoOldSuccessStays) {
  LeaveOldSuccess();

  const Ended fetch = Fetch({"--concurrency", "none", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_THAT(fetch.err,
              HasSubstr("prepull: --concurrency: invalid value \"none\""));
  EXPECT_EQ(Status("/exit_code"), "2");
  EXPECT_EQ(Status("/phase"), "Failed");
  EXPECT_THAT(Status("/message"), HasSubstr("--concurrency"));
  EXPECT_EQ(Status("/pulled"), "0");
}

TEST_F(ExitCodeTest, IsTwoForABadVariableAndNoOldSuccessStays) {
  LeaveOldSuccess();

  const Ended fetch = RunPrepull({"fetch", "quay.io/a:1"},
                                 {{"PREPULL_STATUS_FILE", status_path()},
                                  {"PREPULL_MAX_ATTEMPTS", "many"}});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_THAT(fetch.err, HasSubstr("PREPULL_MAX_ATTEMPTS"));
  EXPECT_EQ(Status("/exit_code"), "2");
}

TEST_F(ExitCodeTest, ABadFlagOfADryRunLeavesTheStatusFileAlone) {
  LeaveOldSuccess();

  const Ended fetch =
      RunProcess({.arguments = FetchWords({"--concurrency", "none"}),
                  .environment = {{"PREPULL_DRY_RUN", "1"}}});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_EQ(Status("/exit_code"), "0");
}

TEST_F(ExitCodeTest, ABadFlagIsToldThoughAnImageIsCalledLikeTheDryRun) {
  LeaveOldSuccess();

  const Ended fetch = Fetch({"--concurrency", "none", "--", "--dry-run"});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_EQ(Status("/exit_code"), "2");
}

TEST_F(ExitCodeTest, IsTwoForAListThatCannotBeRead) {
  LeaveOldSuccess();

  const Ended fetch =
      Fetch({"--image-list-file", folder_.Path("missing.txt"), "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_THAT(fetch.err, HasSubstr("missing.txt"));
  EXPECT_EQ(Status("/exit_code"), "2");
  EXPECT_EQ(Status("/total"), "null");
  EXPECT_THAT(Status("/message"), HasSubstr("missing.txt"));
}

TEST_F(ExitCodeTest, IsTwoForAnEmptyList) {
  LeaveOldSuccess();
  const std::string list = folder_.Write("empty.txt", "\n# nothing\n");

  const Ended fetch = Fetch({"--image-list-file", list});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_THAT(fetch.err, HasSubstr("empty.txt: holds no images"));
  EXPECT_EQ(Status("/exit_code"), "2");
}

// As of a pipe whose other end is a stuck command.
TEST_F(ExitCodeTest, IsThreeWhenTheListDoesNotEndBeforeTheDeadline) {
  const std::string pipe = folder_.Path("list.pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  ProcessSetup setup =
      FetchSetup({"--image-list-file", "-", "--overall-timeout", "1s"});
  setup.in_child = [pipe] { dup2(open(pipe.c_str(), O_RDWR), STDIN_FILENO); };

  const Ended fetch = RunProcess(setup);

  EXPECT_THAT(fetch, ExitsWith(3));
  EXPECT_EQ(Status("/phase"), "TimedOut");
  EXPECT_EQ(Status("/reason"), "Timeout");
}

TEST_F(ExitCodeTest, IsThreeAtTheDeadline) {
  server_.Script("quay.io/a:slow", {Forever()});

  const Ended fetch =
      Fetch({"quay.io/a:slow", "quay.io/a:1", "--overall-timeout", "1s"});

  EXPECT_THAT(fetch, ExitsWith(3));
  EXPECT_THAT(fetch.err, HasSubstr("prepull: out of time with 1 image to go"));
  EXPECT_TRUE(server_.WaitUntilCancelled(1));
  EXPECT_EQ(Status("/exit_code"), "3");
  EXPECT_EQ(Status("/phase"), "TimedOut");
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
  EXPECT_EQ(Status("/images/0/reason"), "Timeout");
  EXPECT_EQ(Status("/pulled"), "1");
  EXPECT_EQ(Status("/failed"), "0");
}

TEST_F(ExitCodeTest, IsThreeForAnImageThatWasStillBeingTried) {
  server_.Script("quay.io/a:1",
                 {{.result = absl::UnknownError(
                       "dial tcp 10.0.0.1:443: connect: connection refused")}});

  const Ended fetch = Fetch({"quay.io/a:1", "--overall-timeout", "1s",
                             "--initial-pull-attempt-delay", "100ms"});

  EXPECT_THAT(fetch, ExitsWith(3));
  EXPECT_THAT(fetch.err,
              HasSubstr("prepull: no time for another try with 1 image to go"));
  EXPECT_GT(server_.pulls().size(), 1u);
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
  EXPECT_EQ(Status("/images/0/reason"), "RegistryUnavailable");
}

// The runtime hangs: neither a cancel nor a question is answered.
TEST_F(ExitCodeTest,
       IsThreeWithinTwoSecondsOfTheDeadlineThoughTheRuntimeHangs) {
  server_.Script("quay.io/a:1", {{}});
  server_.Script("quay.io/a:hung",
                 {{.takes = absl::InfiniteDuration(), .hears_cancel = false}});
  const absl::Time begun = absl::Now();
  PrepullProcess fetch(
      FetchSetup({"quay.io/a:1", "quay.io/a:hung", "--overall-timeout", "2s"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  ASSERT_TRUE(AskUntil([&] { return Status("/pulled") == "1"; }));
  server_.SetMode(FakeCriServer::Mode::kSilent);

  ASSERT_TRUE(AskUntil([&] { return Status("/phase") == "TimedOut"; }));

  EXPECT_LT(absl::Now() - begun, absl::Seconds(4));
  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
}

TEST_F(ExitCodeTest, IsFourAtADeadlineThatComesBeforeTheRuntimesFirstAnswer) {
  server_.SetMode(FakeCriServer::Mode::kSilent);
  const absl::Time begun = absl::Now();

  const Ended fetch = Fetch({"quay.io/a:1", "--overall-timeout", "1s"});

  EXPECT_THAT(fetch, ExitsWith(4));
  EXPECT_LT(absl::Now() - begun, absl::Seconds(3));
}

// As a failed assertion does.
TEST_F(ExitCodeTest, IsSeventyForAnInternalErrorAndEachReportSaysSo) {
  const std::string last_words = folder_.Write("termination-log", "");
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(
      FetchSetup({"quay.io/a:1", "--termination-log", last_words}));
  ASSERT_TRUE(AskUntil([&] { return Status("/phase") == "Pulling"; }));

  fetch.Signal(SIGABRT);
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(70));
  EXPECT_THAT(ended.err, EndsWith("prepull: internal error\n"));
  EXPECT_EQ(Status("/exit_code"), "70");
  EXPECT_EQ(Status("/phase"), "Failed");
  EXPECT_EQ(Status("/reason"), "Unknown");
  EXPECT_EQ(Status("/message"), "internal error");
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
  EXPECT_THAT(ReadAll(last_words),
              AllOf(StartsWith("0 of 1 image present; 1 stopped ("),
                    HasSubstr("\ninternal error\n{\"prepull\":1,")));
  EXPECT_THAT(
      RunPrepull({"status", "--from-message", last_words, "--image-list-file",
                  folder_.Write("images.txt", "quay.io/a:1\n")}),
      ExitsWith(70));
}

TEST_F(ExitCodeTest, IsSeventyForAnExceptionAndTheStatusFileNamesIt) {
  if (kIsSanitized) GTEST_SKIP() << "it needs more memory than it may take";
  const std::string list =
      folder_.Write("images.txt", std::string(60 << 20, '#'));

  PrepullProcess fetch(
      {.arguments = FetchWords({"--image-list-file", list}), .in_child = [] {
         const rlimit memory = {100 << 20, 100 << 20};
         setrlimit(RLIMIT_AS, &memory);
       }});
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(70));
  EXPECT_THAT(ended.err, EndsWith("prepull: internal error: std::bad_alloc\n"));
  EXPECT_EQ(Status("/exit_code"), "70");
  EXPECT_EQ(Status("/message"), "internal error: std::bad_alloc");
}

TEST_F(ExitCodeTest, IsThreeAfterASignal) {
  server_.Script("quay.io/a:slow", {Forever()});
  PrepullProcess fetch(FetchSetup({"quay.io/a:slow"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));

  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_EQ(Status("/exit_code"), "3");
  EXPECT_EQ(Status("/phase"), "Interrupted");
  EXPECT_EQ(Status("/images/0/reason"), "Interrupted");
}

TEST_F(ExitCodeTest, IsFourWhenTheRuntimeCannotBeReached) {
  LeaveOldSuccess();
  server_.Stop();

  const Ended fetch = Fetch({"quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(4));
  EXPECT_EQ(Status("/exit_code"), "4");
  EXPECT_EQ(Status("/phase"), "Failed");
  EXPECT_EQ(Status("/reason"), "RuntimeUnavailable");
  EXPECT_THAT(Status("/message"), HasSubstr("cri.sock"));
  EXPECT_EQ(Status("/runtime"), "null");
  EXPECT_EQ(Status("/total"), "1");
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
}

TEST_F(ExitCodeTest, IsFiveWhenTheDiskIsFull) {
  server_.Script("quay.io/a:big", {DiskFull()});

  const Ended fetch = Fetch({"-j", "1", "quay.io/a:big", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(5));
  EXPECT_THAT(fetch.err, HasSubstr("no space left on device"));
  EXPECT_EQ(server_.pulls().size(), 1u);
  EXPECT_EQ(Status("/exit_code"), "5");
  EXPECT_EQ(Status("/phase"), "Failed");
  EXPECT_EQ(Status("/reason"), "NoSpace");
  EXPECT_EQ(Status("/images/0/state"), "Failed");
  EXPECT_EQ(Status("/images/0/reason"), "NoSpace");
  EXPECT_EQ(Status("/images/1/state"), "Stopped");
  EXPECT_EQ(Status("/images/1/reason"), "NoSpace");
}

TEST_F(ExitCodeTest, PutsTwoBeforeFour) {
  server_.Stop();
  const std::string list = folder_.Write("empty.txt", "");

  EXPECT_THAT(Fetch({"--image-list-file", list}), ExitsWith(2));
}

TEST_F(ExitCodeTest, PutsFourBeforeThreeAndOne) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  server_.Script("quay.io/a:slow", {Forever()});
  PrepullProcess fetch(FetchSetup({"quay.io/a:gone", "quay.io/a:slow",
                                   "not an image", "--overall-timeout", "2s"}));
  ASSERT_TRUE(fetch.WaitForOutput("failed   quay.io/a:gone"));
  ASSERT_TRUE(server_.WaitUntilRunning(1));

  server_.Stop();

  EXPECT_THAT(fetch.Wait(), ExitsWith(4));
  EXPECT_EQ(Status("/failed"), "2");
  EXPECT_EQ(Status("/images/1/state"), "Stopped");
}

TEST_F(ExitCodeTest, PutsFiveBeforeThreeAndOne) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  server_.Script("quay.io/a:big", {DiskFull()});
  server_.Script("quay.io/a:slow", {Forever()});

  const Ended fetch = Fetch({"quay.io/a:slow", "quay.io/a:gone",
                             "quay.io/a:big", "--overall-timeout", "1s"});

  EXPECT_THAT(fetch, ExitsWith(5));
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
  EXPECT_EQ(Status("/failed"), "2");
}

TEST_F(ExitCodeTest, PutsThreeBeforeOne) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  server_.Script("quay.io/a:slow", {Forever()});

  const Ended fetch =
      Fetch({"quay.io/a:gone", "quay.io/a:slow", "--overall-timeout", "1s"});

  EXPECT_THAT(fetch, ExitsWith(3));
  EXPECT_EQ(Status("/failed"), "1");
}

}  // namespace
}  // namespace prepull
