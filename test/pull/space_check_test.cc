#include "src/pull/space_check.h"

#include <gtest/gtest.h>

namespace prepull {
namespace {

TEST(SpaceCheckTest, SaysWhatIsNeededAndWhatIsFree) {
  SpaceCheck check({.free_bytes = 6'000'000'000});

  EXPECT_FALSE(check.Fits(9'100'000'000));

  EXPECT_EQ(check.failure(), "the list needs about 9.1GB, 6.0GB are free");
}

TEST(SpaceCheckTest, PassesWhatMayFit) {
  SpaceCheck fits({.free_bytes = 100});
  SpaceCheck shares({.free_bytes = 100, .stored_bytes = 50});
  SpaceCheck unknown({});

  EXPECT_TRUE(fits.Fits(100));
  EXPECT_TRUE(shares.Fits(150));
  EXPECT_TRUE(unknown.Fits(1'000'000));
}

TEST(SpaceCheckTest, ChecksOnceItIsKnownWhatIsNeeded) {
  SpaceCheck check({.free_bytes = 100});

  EXPECT_TRUE(check.Fits(std::nullopt));
  EXPECT_FALSE(check.Fits(101));
  EXPECT_FALSE(check.Fits(1));
}

}  // namespace
}  // namespace prepull
