#include "src/registry/byte_pipe.h"

#include <gtest/gtest.h>

#include <thread>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

TEST(BytePipeTest, AnEmptyPieceIsNoEnd) {
  BytePipe pipe;
  ASSERT_THAT(pipe.Write(""), IsOk());
  ASSERT_THAT(pipe.Write("x"), IsOk());
  pipe.Finish(absl::OkStatus());

  EXPECT_THAT(pipe.Read(), IsOkAndHolds("x"));
  EXPECT_THAT(pipe.Read(), IsOkAndHolds(""));
}

TEST(BytePipeTest, AnErrorComesBeforeWhatIsUnread) {
  BytePipe pipe;
  ASSERT_THAT(pipe.Write("unread"), IsOk());
  pipe.Finish(absl::CancelledError("stopped"));

  EXPECT_THAT(pipe.Read(), StatusIs(absl::StatusCode::kCancelled));
}

TEST(BytePipeTest, AWriterThatIsFullGoesOnAfterOnePiece) {
  BytePipe pipe;
  ASSERT_THAT(pipe.Write(std::string(BytePipe::kMaxUnreadBytes, 'x')), IsOk());
  std::jthread writer([&] { pipe.Finish(pipe.Write("y")); });

  EXPECT_THAT(pipe.Read(), IsOk());

  writer.join();  // or hangs
}

TEST(BytePipeTest, AWriterThatIsFullGoesOnWhenTheReaderLeaves) {
  BytePipe pipe;
  ASSERT_THAT(pipe.Write(std::string(BytePipe::kMaxUnreadBytes, 'x')), IsOk());
  std::jthread leaver([&] { pipe.Leave(); });

  EXPECT_THAT(pipe.Write("y"), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace prepull
