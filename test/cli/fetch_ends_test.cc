#include "src/cli/fetch_ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace prepull {
namespace {

TEST(FetchEndsTest, TellsWhyANodeIsNotFit) {
  EXPECT_EQ(ReasonUnfit(absl::FailedPreconditionError("12.3GB available")),
            Reason::kNoSpace);
  EXPECT_EQ(ReasonUnfit(absl::ResourceExhaustedError("cpu: 93.0% used")),
            Reason::kNodeBusy);
  EXPECT_EQ(ReasonUnfit(absl::DeadlineExceededError("no answer")),
            Reason::kRuntimeUnavailable);
}

TEST(FetchEndsTest, ShowsBadFlagsInOneLine) {
  const RunEnd end = EndOfBadFlags(absl::InvalidArgumentError("--a: b\nc"));

  EXPECT_EQ(end.code, ExitCode::kBadInput);
  EXPECT_EQ(end.reason, Reason::kBadInput);
  EXPECT_EQ(end.message.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace prepull
