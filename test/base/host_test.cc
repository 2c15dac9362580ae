#include "prepull/base/host.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "test/support/pipe.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::IsEmpty;
using ::testing::Not;

class HostTest : public ::testing::Test {
 protected:
  HostTest() { std::signal(SIGPIPE, SIG_IGN); }

  absl::StatusOr<std::string> Read(int64_t limit_bytes = 1 << 20) {
    return host_.ReadInput(limit_bytes, clock_.Now() + absl::Seconds(20),
                           stop_.get_token());
  }

  // What becomes of all that was written.
  absl::Status Flush() {
    return host_.Flush(clock_.Now() + absl::Seconds(20), {});
  }

  SystemClock clock_;
  SystemHost host_{clock_};
  Pipe pipe_;
  std::stop_source stop_;
};

using ReadInputTest = HostTest;
using WriteTest = HostTest;

TEST_F(ReadInputTest, ReadsToTheEnd) {
  const Redirected input(STDIN_FILENO, pipe_.read_end.fd());
  pipe_.Put("one\n");
  pipe_.Put("two\n");
  pipe_.write_end.Close();

  EXPECT_THAT(Read(), IsOkAndHolds("one\ntwo\n"));
}

TEST_F(ReadInputTest, WaitsForWhatComesLater) {
  const Redirected input(STDIN_FILENO, pipe_.read_end.fd());
  std::jthread writer([this] {
    pipe_.Put(std::string(1000, 'x'));
    pipe_.write_end.Close();
  });

  EXPECT_THAT(Read(), IsOkAndHolds(std::string(1000, 'x')));
}

TEST_F(ReadInputTest, EndsWhenAskedToStop) {
  const Redirected input(STDIN_FILENO, pipe_.read_end.fd());
  std::jthread stopper([this] { stop_.request_stop(); });

  EXPECT_THAT(Read(), StatusIs(Code::kCancelled));
}

TEST_F(ReadInputTest, EndsAtItsDeadline) {
  const Redirected input(STDIN_FILENO, pipe_.read_end.fd());
  pipe_.Put("half a list");

  EXPECT_THAT(host_.ReadInput(1000, clock_.Now() + absl::Milliseconds(20),
                              stop_.get_token()),
              StatusIs(Code::kDeadlineExceeded));
}

TEST_F(ReadInputTest, RefusesMoreThanTheLimit) {
  const Redirected input(STDIN_FILENO, pipe_.read_end.fd());
  pipe_.Put("12345");

  EXPECT_THAT(Read(4), StatusIs(Code::kInvalidArgument, "larger than 4 bytes"));
}

TEST_F(ReadInputTest, TakesAsMuchAsTheLimit) {
  const Redirected input(STDIN_FILENO, pipe_.read_end.fd());
  pipe_.Put("1234");
  pipe_.write_end.Close();

  EXPECT_THAT(Read(4), IsOkAndHolds("1234"));
}

TEST_F(ReadInputTest, FindsAnEmptyInputEmpty) {
  const Descriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Redirected input(STDIN_FILENO, nothing.fd());

  EXPECT_THAT(Read(), IsOkAndHolds(IsEmpty()));
}

TEST_F(WriteTest, WritesToTheStreamThatIsMeant) {
  Pipe err;
  {
    const Redirected output(STDOUT_FILENO, pipe_.write_end.fd());
    const Redirected error(STDERR_FILENO, err.write_end.fd());
    EXPECT_THAT(host_.Write(Stream::kOut, "result"), IsOk());
    EXPECT_THAT(host_.Write(Stream::kErr, "talk"), IsOk());
    EXPECT_THAT(Flush(), IsOk());
  }
  pipe_.write_end.Close();
  err.write_end.Close();

  EXPECT_EQ(pipe_.Drain(), "result");
  EXPECT_EQ(err.Drain(), "talk");
}

TEST_F(WriteTest, SaysThatTheReaderWentAway) {
  pipe_.read_end.Close();
  const Redirected output(STDOUT_FILENO, pipe_.write_end.fd());

  EXPECT_THAT(host_.Write(Stream::kOut, "result"), IsOk());
  EXPECT_THAT(Flush(), StatusIs(Code::kUnavailable));
  EXPECT_THAT(host_.Write(Stream::kOut, "more"), StatusIs(Code::kUnavailable));
}

TEST_F(WriteTest, SaysThatTheDiskIsFull) {
  const Descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Redirected output(STDOUT_FILENO, full.fd());

  EXPECT_THAT(host_.Write(Stream::kOut, "result"), IsOk());
  EXPECT_THAT(Flush(), StatusIs(Code::kResourceExhausted,
                                "write: no space left on device"));
}

// Another program that shares the pipe may have made it so (Node.js does).
TEST_F(WriteTest, WaitsForAPipeThatIsFullAndDoesNotBlock) {
  const std::string text(1 << 20, 'x');
  fcntl(pipe_.write_end.fd(), F_SETFL, O_NONBLOCK);
  std::string drained;
  std::jthread reader([&] { drained = pipe_.Drain(); });

  {
    const Redirected output(STDOUT_FILENO, pipe_.write_end.fd());
    EXPECT_THAT(host_.Write(Stream::kOut, text), IsOk());
    EXPECT_THAT(Flush(), IsOk());
  }
  pipe_.write_end.Close();
  reader.join();

  EXPECT_EQ(drained.size(), text.size());
}

TEST_F(WriteTest, NeverWaitsForWhoDoesNotRead) {
  const std::string text(1 << 20, 'x');
  std::string drained;

  {
    const Redirected output(STDOUT_FILENO, pipe_.write_end.fd());
    EXPECT_THAT(host_.Write(Stream::kOut, text), IsOk());
    EXPECT_TRUE(host_.IsBehind(Stream::kOut));
    EXPECT_THAT(host_.Flush(clock_.Now(), {}),
                StatusIs(Code::kDeadlineExceeded));
    std::jthread reader([&] { drained = pipe_.Drain(); });
    EXPECT_THAT(Flush(), IsOk());
    pipe_.write_end.Close();
    dup2(STDERR_FILENO, STDOUT_FILENO);  // the last one that leads there
  }

  EXPECT_EQ(drained, text);
  EXPECT_FALSE(host_.IsBehind(Stream::kOut));
}

TEST_F(WriteTest, KeepsTheOrderOfStreamsThatLeadToTheSamePlace) {
  const Redirected output(STDOUT_FILENO, pipe_.write_end.fd());
  const Redirected error(STDERR_FILENO, pipe_.write_end.fd());
  SystemHost host(clock_);
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string result = absl::StrCat("result ", i, "\n");
    const std::string talk = absl::StrCat("talk ", i, "\n");
    EXPECT_THAT(host.Write(Stream::kOut, result), IsOk());
    EXPECT_THAT(host.Write(Stream::kErr, talk), IsOk());
    expected += result + talk;
  }

  EXPECT_THAT(host.Flush(clock_.Now() + absl::Seconds(20), {}), IsOk());

  EXPECT_EQ(pipe_.Take(expected.size()), expected);
}

TEST_F(HostTest, KnowsATerminalAndItsSize) {
  const Descriptor master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_EQ(grantpt(master.fd()), 0);
  ASSERT_EQ(unlockpt(master.fd()), 0);
  const Descriptor terminal(
      open(ptsname(master.fd()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  winsize size = {};
  size.ws_row = 40;
  size.ws_col = 100;
  ASSERT_EQ(ioctl(terminal.fd(), TIOCSWINSZ, &size), 0);

  const Redirected error(STDERR_FILENO, terminal.fd());
  const WindowSize window = host_.Window();

  EXPECT_TRUE(host_.IsTerminal(Stream::kErr));
  EXPECT_EQ(window.columns, 100);
  EXPECT_EQ(window.rows, 40);
}

TEST_F(HostTest, TakesTheUsualSizeWhereNoTerminalIs) {
  const Redirected error(STDERR_FILENO, pipe_.write_end.fd());
  const WindowSize window = host_.Window();

  EXPECT_FALSE(host_.IsTerminal(Stream::kErr));
  EXPECT_EQ(window.columns, 80);
  EXPECT_EQ(window.rows, 24);
}

TEST_F(HostTest, ReadsTheEnvironment) {
  setenv("PREPULL_HOST_TEST", "value", 1);

  EXPECT_EQ(host_.Environment("PREPULL_HOST_TEST"), "value");
  EXPECT_EQ(host_.Environment("PREPULL_HOST_TEST_UNSET"), std::nullopt);
}

TEST_F(HostTest, KnowsTheNameOfTheMachine) {
  EXPECT_THAT(host_.HostName(), Not(IsEmpty()));
}

}  // namespace
}  // namespace prepull
