// A reader of the output that does not read: a pager that is held, or a log
// that nobody collects any more.
#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/cri/file_wait.h"

namespace prepull {
namespace {

using testing::HasSubstr;
using testing::Lt;

constexpr absl::Duration kFinalStatusIsDue = absl::Seconds(2);
constexpr absl::Duration kProcessEndIsDue = absl::Seconds(5);
// Far more lines than the pipe of these tests holds.
constexpr int kManyLines = 1000;

class BlockedStreamTest : public E2eTest {
 protected:
  // A fetch whose output nobody reads.
  ProcessSetup UnreadSetup(std::vector<std::string> words) const {
    ProcessSetup setup = FetchSetup(std::move(words));
    setup.reads = false;
    setup.in_child = [] {
      fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 4096);
      fcntl(STDERR_FILENO, F_SETPIPE_SZ, 4096);
    };
    return setup;
  }

  bool AwaitPhase(const std::string& phase) const {
    return AskUntil([&] { return Status("/phase") == phase; });
  }
};

TEST_F(BlockedStreamTest, HoldsUpNoPull) {
  const PrepullProcess fetch(
      UnreadSetup({"-v", "--image-list-file", ListOf(kManyLines)}));

  EXPECT_TRUE(AwaitPhase("Succeeded"));

  EXPECT_EQ(Status("/pulled"), "1000");
  EXPECT_FALSE(fetch.has_ended());  // somebody may read it yet
}

TEST_F(BlockedStreamTest, LosesNothingForAReaderThatTakesItsTime) {
  PrepullProcess fetch(
      UnreadSetup({"-v", "--image-list-file", ListOf(kManyLines)}));
  ASSERT_TRUE(AwaitPhase("Succeeded"));

  fetch.StartReading();
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(0));
  const std::vector<std::string> lines = absl::StrSplit(ended.out, '\n');
  EXPECT_EQ(lines.size(),
            kManyLines + 2u);  // one that sums up, and the last end
  EXPECT_THAT(ended.err, HasSubstr("info finished present=1000 "));
}

TEST_F(BlockedStreamTest, StopsAtASignal) {
  server_.StoreTags("quay.io/a", kManyLines);
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(
      UnreadSetup({"--image-list-file", ListOf(kManyLines), "quay.io/b:1"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);

  EXPECT_TRUE(AwaitPhase("Interrupted"));
  EXPECT_THAT(absl::Now() - signalled, Lt(kFinalStatusIsDue));
  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kProcessEndIsDue));
}

TEST_F(BlockedStreamTest, StopsAtTheDeadline) {
  server_.StoreTags("quay.io/a", kManyLines);
  server_.ScriptTheRest(Forever());
  const absl::Time begun = absl::Now();

  PrepullProcess fetch(UnreadSetup({"--image-list-file", ListOf(kManyLines),
                                    "quay.io/b:1", "--overall-timeout", "1s"}));

  EXPECT_TRUE(AwaitPhase("TimedOut"));
  EXPECT_THAT(absl::Now() - begun, Lt(absl::Seconds(1) + kFinalStatusIsDue));
  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(absl::Now() - begun, Lt(absl::Seconds(1) + kProcessEndIsDue));
}

TEST_F(BlockedStreamTest, KeepsTheCodeOfARunThatIsEndedWhileItWaits) {
  PrepullProcess fetch(UnreadSetup({"--image-list-file", ListOf(kManyLines)}));
  ASSERT_TRUE(AwaitPhase("Succeeded"));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_THAT(absl::Now() - signalled, Lt(kProcessEndIsDue));
}

TEST_F(BlockedStreamTest, EndsACommandAtASignal) {
  server_.StoreTags("quay.io/a", kManyLines);
  ProcessSetup setup = UnreadSetup({});
  setup.arguments = {"check", "--cri-socket",      server_.socket(),  "-o",
                     "json",  "--image-list-file", ListOf(kManyLines)};
  PrepullProcess check(setup);
  ASSERT_TRUE(server_.WaitUntilListed(1));
  const absl::Time signalled = absl::Now();

  check.Signal(SIGTERM);

  check.Wait();
  EXPECT_THAT(absl::Now() - signalled, Lt(kProcessEndIsDue));
}

}  // namespace
}  // namespace prepull
