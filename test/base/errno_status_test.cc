#include "prepull/base/errno_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;

TEST(ErrnoStatusTest, SaysWhatWasDoneAndWhyItDidNotWork) {
  EXPECT_THAT(ErrnoStatus(ENOENT, "open"),
              StatusIs(Code::kNotFound, "open: no such file or directory"));
}

TEST(ErrnoStatusTest, HasTheCodeThatFitsTheError) {
  EXPECT_THAT(ErrnoStatus(EACCES, "x"), StatusIs(Code::kPermissionDenied));
  EXPECT_THAT(ErrnoStatus(ENOSPC, "x"), StatusIs(Code::kResourceExhausted));
  EXPECT_THAT(ErrnoStatus(EROFS, "x"), StatusIs(Code::kPermissionDenied));
  EXPECT_THAT(ErrnoStatus(EINVAL, "x"), StatusIs(Code::kInvalidArgument));
}

TEST(ErrnoTextTest, IsInLowerCase) {
  EXPECT_EQ(ErrnoText(ENOSPC), "no space left on device");
  EXPECT_EQ(ErrnoText(EISDIR), "is a directory");
}

TEST(ErrnoTextTest, HasWordsForANumberNobodyKnows) {
  EXPECT_EQ(ErrnoText(12345), "unknown error 12345");
}

}  // namespace
}  // namespace prepull
