#include "src/catalog/index_ignore.h"

#include <gtest/gtest.h>

#include <string>

namespace prepull {
namespace {

struct IgnoreCase {
  const char* patterns;
  const char* path;
  bool is_ignored;
};

class IndexIgnoreTest : public ::testing::TestWithParam<IgnoreCase> {};

TEST_P(IndexIgnoreTest, FollowsTheRulesOfGitignore) {
  IndexIgnore ignore;
  ignore.Add("", GetParam().patterns);

  EXPECT_EQ(ignore.Ignores(GetParam().path), GetParam().is_ignored)
      << GetParam().patterns << " on " << GetParam().path;
}

// Each row was held against git check-ignore 2.39.
INSTANTIATE_TEST_SUITE_P(
    Table, IndexIgnoreTest,
    ::testing::Values(
        IgnoreCase{"", "a", false}, IgnoreCase{"# a\n\n", "a", false},
        IgnoreCase{"a", "a", true}, IgnoreCase{"a", "x/a", true},
        IgnoreCase{"a", "a/x", true}, IgnoreCase{"a", "ab", false},
        IgnoreCase{"/a", "a", true}, IgnoreCase{"/a", "x/a", false},
        IgnoreCase{"a/", "a", false}, IgnoreCase{"a/", "x/a/y", true},
        IgnoreCase{"a/b", "a/b", true}, IgnoreCase{"a/b", "x/a/b", false},
        IgnoreCase{"**/a/b", "x/y/a/b", true},
        IgnoreCase{"a/**", "a/x/y", true}, IgnoreCase{"a/**", "a", false},
        IgnoreCase{"a/**/b", "a/b", true},
        IgnoreCase{"a/**/b", "a/x/y/b", true},
        IgnoreCase{"a/**/b", "a/x/y/c", false},
        IgnoreCase{"*.md", "x/README.md", true},
        IgnoreCase{"*.md\n!README.md", "x/README.md", false},
        IgnoreCase{"!README.md\n*.md", "README.md", true},
        IgnoreCase{"x\n!x/keep", "x/keep", true},
        IgnoreCase{"/*\n!/op", "op/catalog.yaml", false},
        IgnoreCase{"/*\n!/op", "other/catalog.yaml", true},
        IgnoreCase{"a?c", "abc", true}, IgnoreCase{"a?c", "a/c", false},
        IgnoreCase{"[a-c]x", "bx", true}, IgnoreCase{"\\#a", "#a", true},
        IgnoreCase{"\\!a", "!a", true}, IgnoreCase{"a  \r\n", "a", true},
        IgnoreCase{"a\\ ", "a ", true}, IgnoreCase{"a/*/c", "a/b/c", true},
        IgnoreCase{"a/*/c", "a/b/b/c", false}, IgnoreCase{"/", "a", false}));

TEST(IndexIgnoreFoldersTest, AFoldersOwnPatternsGoBeforeThoseAbove) {
  IndexIgnore ignore;
  ignore.Add("", "*.md\n/x/y\n");
  ignore.Add("x", "!*.md\n/only\n");

  EXPECT_TRUE(ignore.Ignores("a.md"));
  EXPECT_FALSE(ignore.Ignores("x/a.md"));
  EXPECT_TRUE(ignore.Ignores("x/only"));
  EXPECT_FALSE(ignore.Ignores("only"));
  EXPECT_TRUE(ignore.Ignores("x/y/z"));
}

TEST(IndexIgnoreFoldersTest, ManyStarsTakeNoTime) {
  std::string pattern;
  std::string path;
  for (int i = 0; i < 400; ++i) pattern += "**/a/";
  for (int i = 0; i < 1'000; ++i) path += "a/";
  IndexIgnore ignore;
  ignore.Add("", pattern + "b");

  EXPECT_FALSE(ignore.Ignores(path + "c"));
}

}  // namespace
}  // namespace prepull
