#include "src/pull/space_check.h"

#include <gtest/gtest.h>

namespace prepull {
namespace {

TEST(SpaceCheckTest, SaysWhatIsNeededAndWhatIsFree) {
  SpaceCheck check({.free_bytes = 6'000'000'000});

  check.Check(9'100'000'000);

  EXPECT_EQ(check.failure(), "the list needs about 9.1GB, 6.0GB are free");
}

TEST(SpaceCheckTest, PassesWhatMayFit) {
  SpaceCheck fits({.free_bytes = 100});
  SpaceCheck shares({.free_bytes = 100, .stored_bytes = 50});
  SpaceCheck unknown({});

  fits.Check(100);
  shares.Check(150);
  unknown.Check(1'000'000);

  EXPECT_EQ(fits.failure(), "");
  EXPECT_EQ(shares.failure(), "");
  EXPECT_EQ(unknown.failure(), "");
}

TEST(SpaceCheckTest, ChecksOnceItIsKnownWhatIsNeeded) {
  SpaceCheck check({.free_bytes = 100});

  check.Check(std::nullopt);
  EXPECT_EQ(check.failure(), "");
  check.Check(101);
  EXPECT_NE(check.failure(), "");
  check.Check(1);
  EXPECT_NE(check.failure(), "");
}

}  // namespace
}  // namespace prepull
