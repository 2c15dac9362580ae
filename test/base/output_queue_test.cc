#include "src/base/output_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "test/support/pipe.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kTalkLimit = 1000;
// More than a pipe holds.
constexpr size_t kMoreThanAPipe = 1 << 20;

class OutputQueueTest : public ::testing::Test {
 protected:
  OutputQueueTest() { std::signal(SIGPIPE, SIG_IGN); }
  // The pipe is not closed while the queue's thread writes into it.
  ~OutputQueueTest() override {
    pipe_.read_end.Close();
    EXPECT_TRUE(Flush());
  }

  absl::Status PushResult(std::string text) {
    return queue_.Push(pipe_.write_end.fd(), std::move(text), false);
  }
  absl::Status PushTalk(std::string text) {
    return queue_.Push(pipe_.write_end.fd(), std::move(text), true);
  }
  bool Flush() {
    return queue_.Flush(clock_, clock_.Now() + absl::Seconds(20), {});
  }

  SystemClock clock_;
  Pipe pipe_;
  OutputQueue queue_{kTalkLimit};
};

TEST_F(OutputQueueTest, WritesInTheOrderOfThePushes) {
  EXPECT_THAT(PushResult("one\n"), IsOk());
  EXPECT_THAT(PushTalk("two\n"), IsOk());
  EXPECT_THAT(PushResult("three\n"), IsOk());

  EXPECT_TRUE(Flush());

  EXPECT_EQ(pipe_.Take(14), "one\ntwo\nthree\n");
}

TEST_F(OutputQueueTest, KeepsResultsHoweverLongNobodyReadsThem) {
  const std::string result(kMoreThanAPipe, 'x');

  EXPECT_THAT(PushResult(result), IsOk());
  EXPECT_THAT(PushResult(result), IsOk());
  EXPECT_FALSE(queue_.is_empty());

  EXPECT_EQ(pipe_.Take(2 * kMoreThanAPipe), result + result);
  EXPECT_TRUE(Flush());
}

TEST_F(OutputQueueTest, LeavesOutTalkThatNobodyReadsAndSaysSo) {
  EXPECT_THAT(PushResult(std::string(kMoreThanAPipe, 'x')), IsOk());
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT(PushTalk(absl::StrCat("line ", i, "\n")), IsOk());
  }
  const std::string result = pipe_.Take(kMoreThanAPipe);
  ASSERT_TRUE(Flush());

  EXPECT_THAT(PushTalk("the last line\n"), IsOk());
  ASSERT_TRUE(Flush());
  pipe_.write_end.Close();

  const std::string talk = pipe_.Drain();
  EXPECT_EQ(result, std::string(kMoreThanAPipe, 'x'));
  EXPECT_THAT(talk, StartsWith("line 0\nline 1\n"));
  EXPECT_THAT(talk, HasSubstr("lines left out: this was not read\n"));
  EXPECT_THAT(talk, EndsWith("\nthe last line\n"));
  EXPECT_LT(talk.size(), 2u * kTalkLimit);
}

TEST_F(OutputQueueTest, GivesUpTheWaitForAReader) {
  EXPECT_THAT(PushResult(std::string(kMoreThanAPipe, 'x')), IsOk());

  EXPECT_FALSE(queue_.Flush(clock_, clock_.Now() + absl::Milliseconds(10), {}));
}

TEST_F(OutputQueueTest, EndsTheWaitForAReaderAtAStop) {
  EXPECT_THAT(PushResult(std::string(kMoreThanAPipe, 'x')), IsOk());
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });

  EXPECT_FALSE(queue_.Flush(clock_, Instant::Never(), stop.get_token()));
}

TEST_F(OutputQueueTest, EndsAsAWholeThoughNobodyReads) {
  auto queue = std::make_unique<OutputQueue>(kTalkLimit);
  // Stays open: the thread that is left behind has it.
  const int left_open = dup(pipe_.write_end.fd());
  EXPECT_THAT(queue->Push(left_open, std::string(kMoreThanAPipe, 'x'), false),
              IsOk());

  queue.reset();
}

TEST_F(OutputQueueTest, TakesNoMoreResultsBehindAHole) {
  pipe_.read_end.Close();
  EXPECT_THAT(PushResult("lost"), IsOk());
  EXPECT_TRUE(Flush());

  EXPECT_THAT(queue_.StatusOf(pipe_.write_end.fd()),
              StatusIs(Code::kUnavailable));
  EXPECT_THAT(PushResult("more"), StatusIs(Code::kUnavailable));
}

TEST_F(OutputQueueTest, ForgetsThatALineOfTalkWasLost) {
  const Descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_THAT(queue_.Push(full.fd(), "lost", true), IsOk());
  EXPECT_TRUE(Flush());

  EXPECT_THAT(queue_.Push(full.fd(), "more", true), IsOk());
  EXPECT_THAT(queue_.StatusOf(full.fd()), IsOk());
}

}  // namespace
}  // namespace prepull
