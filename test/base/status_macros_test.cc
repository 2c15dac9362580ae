#include "prepull/base/status_macros.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepull/base/passing_error.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

TEST(AnnotateTest, PutsWhatWasDoneBeforeWhy) {
  EXPECT_THAT(Annotate(absl::NotFoundError("gone"), "read f"),
              StatusIs(absl::StatusCode::kNotFound, "read f: gone"));
  EXPECT_THAT(Annotate(absl::OkStatus(), "read f"), IsOk());
}

TEST(AnnotateTest, KeepsThatAnErrorMayPass) {
  const absl::Status away = PassingError(absl::UnavailableError("refused"));

  EXPECT_TRUE(IsPassing(Annotate(away, "ask")));
  EXPECT_FALSE(IsPassing(Annotate(absl::UnavailableError("refused"), "ask")));
  EXPECT_FALSE(IsPassing(absl::OkStatus()));
}

}  // namespace
}  // namespace prepull
