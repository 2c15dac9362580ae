// How a run stops: what is said, how fast, and what it leaves.
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/cri/file_wait.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Lt;
using testing::Not;
using testing::StartsWith;

constexpr absl::Duration kStatusIsDue = absl::Seconds(2);

class SignalTest : public E2eTest {};

TEST_F(SignalTest, StopsARunInMidPullWithinTwoSeconds) {
  server_.ScriptTheRest(Forever());
  server_.Script("quay.io/a:1", {{}});
  PrepullProcess fetch(
      FetchSetup({"-j", "4", "--image-list-file", ListOf(100)}));
  ASSERT_TRUE(server_.WaitUntilStarted(5));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kStatusIsDue));
  EXPECT_THAT(ended.err, HasSubstr("\nstopping (again to force)\n"));
  EXPECT_THAT(ended.err, EndsWith("prepull: interrupted with 99 images to go: "
                                  "run it again to continue\n"));
  EXPECT_TRUE(server_.WaitUntilCancelled(4));
  EXPECT_EQ(server_.pulls().size(), 5u);
  EXPECT_EQ(Status("/phase"), "Interrupted");
  EXPECT_EQ(Status("/exit_code"), "3");
  EXPECT_EQ(Status("/pulled"), "1");
  EXPECT_EQ(Status("/failed"), "0");
  EXPECT_EQ(Status("/images/99/state"), "Stopped");
}

TEST_F(SignalTest, StopsWithinTwoSecondsThoughTheRuntimeHangs) {
  server_.ScriptTheRest(
      {.takes = absl::InfiniteDuration(), .hears_cancel = false});
  PrepullProcess fetch(FetchSetup({"quay.io/a:1", "quay.io/a:2"}));
  ASSERT_TRUE(server_.WaitUntilRunning(2));
  server_.SetMode(FakeCriServer::Mode::kSilent);
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGINT);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kStatusIsDue));
  EXPECT_EQ(Status("/phase"), "Interrupted");
}

// A pipe without a writer: the kernel keeps whoever opens it, and no orderly
// stop gets past that.
TEST_F(SignalTest, EndsAtOnceAtASecondSignalThatComesLater) {
  const std::string list = folder_.Path("images.pipe");
  ASSERT_EQ(mkfifo(list.c_str(), 0600), 0);
  const std::string last_words = folder_.Write("termination-log", "");
  PrepullProcess fetch(
      FetchSetup({"--image-list-file", list, "--termination-log", last_words}));
  ASSERT_TRUE(WaitUntilFileExists(status_path()));
  fetch.Signal(SIGTERM);
  ASSERT_TRUE(fetch.WaitForOutput("stopping (again to force)"));

  SignalUntilItEnds(fetch, SIGINT);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_EQ(Status("/phase"), "Interrupted");
  EXPECT_EQ(Status("/exit_code"), "3");
  EXPECT_EQ(Status("/message"), "interrupted");
  EXPECT_THAT(folder_.Names(), Not(Contains(HasSubstr(".tmp"))));
  EXPECT_THAT(ReadAll(last_words),
              AllOf(StartsWith("interrupted\n{\"prepull\":1,"),
                    HasSubstr(R"("list":null,"code":3)")));
}

TEST_F(SignalTest, TellsAtASecondSignalWhatHasEnded) {
  const std::string last_words = folder_.Write("termination-log", "");
  server_.ScriptTheRest(
      {.takes = absl::InfiniteDuration(), .hears_cancel = false});
  server_.Script("quay.io/a:1", {{}});
  PrepullProcess fetch(FetchSetup(
      {"quay.io/a:1", "quay.io/a:2", "--termination-log", last_words}));
  ASSERT_TRUE(AskUntil([&] { return Status("/pulled") == "1"; }));
  server_.SetMode(FakeCriServer::Mode::kSilent);
  fetch.Signal(SIGTERM);
  ASSERT_TRUE(fetch.WaitForOutput("stopping (again to force)"));

  SignalUntilItEnds(fetch, SIGINT);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(ReadAll(last_words),
              AllOf(StartsWith("1 of 2 images present; 1 stopped"),
                    HasSubstr(R"("n":[2,1,0,0,1])"),
                    HasSubstr(R"("phase":"Interrupted")"),
                    HasSubstr(R"("st":"1P1T")")));
}

// As timeout(1) does: to its child and to the child's group.
TEST_F(SignalTest, TakesTheSameSignalTwiceForOne) {
  server_.ScriptTheRest(
      {.takes = absl::InfiniteDuration(), .hears_cancel = false});
  PrepullProcess fetch(FetchSetup({"quay.io/a:1"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));

  fetch.Signal(SIGTERM);
  ASSERT_TRUE(fetch.WaitForOutput("stopping (again to force)"));
  fetch.Signal(SIGTERM);
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(3));
  EXPECT_THAT(ended.err, HasSubstr("prepull: interrupted with 1 image to go"));
  EXPECT_EQ(Status("/phase"), "Interrupted");
}

// As a lost connection does.
TEST_F(SignalTest, StopsAtSighup) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(FetchSetup({"quay.io/a:1"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));

  fetch.Signal(SIGHUP);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_EQ(Status("/phase"), "Interrupted");
}

TEST_F(SignalTest, GoesOnAtSighupUnderNohup) {
  server_.ScriptTheRest(Forever());
  ProcessSetup setup = FetchSetup({"quay.io/a:1"});
  setup.in_child = [] { signal(SIGHUP, SIG_IGN); };
  PrepullProcess fetch(setup);
  ASSERT_TRUE(server_.WaitUntilRunning(1));

  fetch.Signal(SIGHUP);
  server_.Release();

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_EQ(Status("/phase"), "Succeeded");
}

// A terminal's Ctrl-C reaches what a script has started with `&`, too.
TEST_F(SignalTest, GoesOnAtSigintInTheBackgroundOfAScript) {
  server_.ScriptTheRest(Forever());
  ProcessSetup setup = FetchSetup({"quay.io/a:1"});
  setup.in_child = [] { signal(SIGINT, SIG_IGN); };
  PrepullProcess fetch(setup);
  ASSERT_TRUE(server_.WaitUntilRunning(1));

  fetch.Signal(SIGINT);
  server_.Release();

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
}

TEST_F(SignalTest, StopsWhileAnImageWaitsForItsRetry) {
  server_.Script("quay.io/a:1",
                 {{.result = absl::UnknownError("connection refused")}});
  PrepullProcess fetch(
      FetchSetup({"quay.io/a:1", "--initial-pull-attempt-delay", "10m"}));
  ASSERT_TRUE(fetch.WaitForOutput("retry"));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kStatusIsDue));
  EXPECT_EQ(Status("/phase"), "Interrupted");
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
}

TEST_F(SignalTest, StopsWhileTheStartIsHeldBack) {
  PrepullProcess fetch(
      FetchSetup({"quay.io/a:1", "--start-jitter", "100000h"}));
  ASSERT_TRUE(fetch.WaitForOutput("plan images=1"));

  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(server_.pulls(), IsEmpty());
}

TEST_F(SignalTest, StopsWhileTheListIsStillBeingRead) {
  ProcessSetup setup = FetchSetup({"--image-list-file", "-"});
  setup.input = std::nullopt;
  PrepullProcess fetch(setup);
  ASSERT_TRUE(WaitUntilFileExists(status_path()));

  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_EQ(Status("/phase"), "Interrupted");
  EXPECT_EQ(Status("/total"), "null");
}

TEST_F(SignalTest, StopsWhileTheRuntimeIsSilent) {
  server_.SetMode(FakeCriServer::Mode::kSilent);
  PrepullProcess fetch(FetchSetup({"quay.io/a:1"}));
  ASSERT_TRUE(server_.WaitUntilAsked(1));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kStatusIsDue));
  EXPECT_EQ(Status("/phase"), "Interrupted");
  EXPECT_EQ(Status("/images/0/reason"), "Interrupted");
}

TEST_F(SignalTest, ContinuesWhereTheStoppedRunEnded) {
  server_.Script("quay.io/a:3", {Forever(), {}});
  const std::string list = ListOf(3);
  PrepullProcess first(FetchSetup({"--image-list-file", list}));
  ASSERT_TRUE(server_.WaitUntilStarted(3));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  first.Signal(SIGTERM);
  ASSERT_THAT(first.Wait(), ExitsWith(3));

  const Ended second = Fetch({"--image-list-file", list});

  EXPECT_THAT(second, ExitsWith(0));
  EXPECT_EQ(Status("/skipped"), "2");
  EXPECT_EQ(Status("/pulled"), "1");
}

TEST_F(SignalTest, LeavesNothingToCleanUpWhenItIsKilled) {
  server_.ScriptTheRest(Forever());
  PrepullProcess killed(FetchSetup({"quay.io/a:1"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  killed.Signal(SIGKILL);
  ASSERT_THAT(killed.Wait(), ExitsWith(-SIGKILL));
  server_.ScriptTheRest({});

  EXPECT_THAT(Fetch({"quay.io/a:1"}), ExitsWith(0));
}

TEST_F(SignalTest, EndsASleepWithZero) {
  PrepullProcess sleep({.arguments = {"sleep"}});
  ASSERT_TRUE(sleep.WaitUntilItHearsSignals());
  const absl::Time signalled = absl::Now();

  sleep.Signal(SIGTERM);
  const Ended ended = sleep.Wait();

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(absl::Now() - signalled, Lt(absl::Seconds(1)));
  EXPECT_THAT(absl::StrCat(ended.out, ended.err), IsEmpty());
}

}  // namespace
}  // namespace prepull
