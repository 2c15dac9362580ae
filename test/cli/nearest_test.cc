#include "src/cli/nearest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prepull {
namespace {

TEST(NearestTest, AcceptsTwoInsertedDeletedOrReplacedCharacters) {
  const std::vector<std::string> commands = {"fetch", "check", "status"};

  EXPECT_EQ(Nearest("fetch", commands), "fetch");
  EXPECT_EQ(Nearest("fetsh", commands), "fetch");
  EXPECT_EQ(Nearest("fech", commands), "fetch");
  EXPECT_EQ(Nearest("ffetchh", commands), "fetch");
  EXPECT_EQ(Nearest("statsu", commands), "status");
  EXPECT_EQ(Nearest("ftesh", commands), "");
  EXPECT_EQ(Nearest("", commands), "");
  EXPECT_EQ(Nearest("fetch", {}), "");
}

TEST(NearestTest, PrefersTheFewestEdits) {
  EXPECT_EQ(Nearest("--sice", {"--slices", "--size"}), "--size");
}

}  // namespace
}  // namespace prepull
