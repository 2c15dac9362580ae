#include "prepull/base/hash.h"

#include <gtest/gtest.h>

namespace prepull {
namespace {

// https://datatracker.ietf.org/doc/html/draft-eastlake-fnv, test vectors
TEST(HashTest, IsFnv1a) {
  EXPECT_EQ(HashHex(""), "cbf29ce484222325");
  EXPECT_EQ(HashHex("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(HashHex("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace prepull
