#include "src/cli/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/fake_host.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// Up two lines, then clear what is below: what a view of two lines needs.
constexpr char kEraseTwo[] = "\r\x1b[2A\x1b[J";
constexpr char kEraseOne[] = "\r\x1b[1A\x1b[J";

class ConsoleTest : public ::testing::Test {
 protected:
  FakeHost host_;
  Console console_{host_};
};

TEST_F(ConsoleTest, KeepsResultsAndTalkApart) {
  console_.PrintOut("result\n");
  console_.PrintErr("talk");

  EXPECT_THAT(host_.writes, ElementsAre(Pair(Stream::kOut, "result\n"),
                                        Pair(Stream::kErr, "talk\n")));
}

TEST_F(ConsoleTest, DrawsAViewBelowWhatIsThere) {
  console_.DrawView({"pulling a", "1 running"});

  EXPECT_EQ(host_.Text(Stream::kErr), "pulling a\n1 running\n");
}

TEST_F(ConsoleTest, ReplacesTheViewInOneWrite) {
  console_.DrawView({"pulling a", "1 running"});
  host_.writes.clear();

  console_.DrawView({"all done"});

  EXPECT_THAT(
      host_.writes,
      ElementsAre(Pair(Stream::kErr, std::string(kEraseTwo) + "all done\n")));
}

TEST_F(ConsoleTest, ErasesTheViewBeforeALineAndDrawsItAgainBehind) {
  console_.DrawView({"pulling a", "1 running"});
  host_.writes.clear();

  console_.PrintErr("a warning");

  EXPECT_EQ(host_.Text(Stream::kErr),
            std::string(kEraseTwo) + "a warning\npulling a\n1 running\n");
}

TEST_F(ConsoleTest, ErasesTheViewBeforeAResultAndDrawsItAgainBehind) {
  console_.DrawView({"pulling a", "1 running"});
  host_.writes.clear();

  console_.PrintOut("pulled b\n");

  EXPECT_THAT(host_.writes,
              ElementsAre(Pair(Stream::kErr, kEraseTwo),
                          Pair(Stream::kOut, "pulled b\n"),
                          Pair(Stream::kErr, "pulling a\n1 running\n")));
}

TEST_F(ConsoleTest, ErasesTheViewForGood) {
  console_.DrawView({"1 running"});
  console_.EraseView();
  host_.writes.clear();

  console_.EraseView();
  console_.PrintErr("talk");

  EXPECT_EQ(host_.Text(Stream::kErr), "talk\n");
}

TEST_F(ConsoleTest, ErasesWhatItDrew) {
  console_.DrawView({"1 running"});
  host_.writes.clear();

  console_.EraseView();

  EXPECT_EQ(host_.Text(Stream::kErr), kEraseOne);
}

TEST_F(ConsoleTest, WritesNothingForAViewThatIsAndStaysEmpty) {
  console_.DrawView({});

  EXPECT_THAT(host_.writes, IsEmpty());
}

TEST_F(ConsoleTest, SendsNoEscapesWithoutAView) {
  console_.PrintErr("talk");

  EXPECT_EQ(host_.Text(Stream::kErr), "talk\n");
}

TEST_F(ConsoleTest, TellsOnceThatTheResultIsLost) {
  host_.out_error =
      absl::ResourceExhaustedError("write: no space left on device");

  console_.PrintOut("one\n");
  console_.PrintOut("two\n");

  EXPECT_EQ(host_.Text(Stream::kErr),
            "prepull: standard output: write: no space left on device\n");
}

TEST_F(ConsoleTest, WritesNoMoreOfAResultThatHasAHole) {
  host_.out_error = absl::ResourceExhaustedError("no space left on device");
  console_.PrintOut("one\n");
  host_.out_error = absl::OkStatus();

  console_.PrintOut("two\n");

  EXPECT_EQ(host_.Text(Stream::kOut), "");
}

// `prepull ... | head`
TEST_F(ConsoleTest, SaysNothingIfTheReaderOfTheResultWentAway) {
  host_.out_error = absl::UnavailableError("the reader has gone");

  console_.PrintOut("one\n");
  console_.PrintOut("two\n");

  EXPECT_THAT(host_.writes, IsEmpty());
}

TEST_F(ConsoleTest, KeepsTheViewWholeWhenTheResultIsLost) {
  console_.DrawView({"1 running"});
  host_.writes.clear();
  host_.out_error = absl::ResourceExhaustedError("full");

  console_.PrintOut("one\n");

  EXPECT_EQ(
      host_.Text(Stream::kErr),
      std::string(kEraseOne) + "prepull: standard output: full\n1 running\n");
}

TEST_F(ConsoleTest, DoesNotMindThatNobodyReadsTheTalk) {
  host_.err_error = absl::UnavailableError("the reader has gone");

  console_.PrintErr("talk");
  console_.DrawView({"1 running"});
  console_.PrintOut("result\n");

  EXPECT_EQ(host_.Text(Stream::kOut), "result\n");
}

// The stream tells only later what became of a text.
TEST_F(ConsoleTest, TellsWhenItIsFlushedThatTheResultIsLost) {
  console_.PrintOut("one\n");
  host_.out_error = absl::ResourceExhaustedError("full");
  EXPECT_FALSE(console_.HasLostOutput());

  EXPECT_TRUE(console_.Flush(Instant::Never(), {}));

  EXPECT_TRUE(console_.HasLostOutput());
  EXPECT_EQ(host_.Text(Stream::kErr), "prepull: standard output: full\n");
}

TEST_F(ConsoleTest, SaysThatARestIsUnread) {
  host_.out_error = absl::DeadlineExceededError("the reader is stuck");

  EXPECT_FALSE(console_.Flush(Instant::Never(), {}));

  EXPECT_FALSE(console_.HasLostOutput());
}

TEST_F(ConsoleTest, DrawsNoViewThatNobodyLooksAt) {
  console_.DrawView({"1 running"});
  host_.writes.clear();
  host_.err_is_behind = true;

  console_.DrawView({"2 running"});
  console_.EraseView();

  EXPECT_EQ(host_.Text(Stream::kErr), kEraseOne);
}

TEST_F(ConsoleTest, AbandonsATerminalAtTheBeginningOfALine) {
  host_.err_is_terminal = true;

  console_.Abandon();

  EXPECT_EQ(host_.Text(Stream::kErr), "\n");
}

TEST_F(ConsoleTest, AddsNoEmptyLineToALog) {
  console_.Abandon();

  EXPECT_THAT(host_.writes, IsEmpty());
}

}  // namespace
}  // namespace prepull
