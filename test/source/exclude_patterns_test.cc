#include "src/source/exclude_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// A release's images as name and pull spec.
constexpr std::pair<absl::string_view, absl::string_view> kRelease[] = {
    {"bawsa", "quay.io/ocp/art@sha256:01"},
    {"cli", "quay.io/ocp/art@sha256:02"},
    {"cli-tools", "quay.io/ocp/art@sha256:03"},
    {"etcd", "quay.io/aws/etcd@sha256:04"},
    {"oc-cli", "quay.io/ocp/tools"}};

// The names that are left with the lines of `text` as patterns.
std::string Left(absl::string_view text) {
  const absl::StatusOr<ExcludePatterns> patterns =
      ExcludePatterns::Compile(SourceLines(text, "excludes"));
  if (!patterns.ok()) return std::string(patterns.status().message());
  std::vector<absl::string_view> left;
  for (const auto& [name, pull_spec] : kRelease) {
    if (!patterns->Excludes(name, pull_spec)) left.push_back(name);
  }
  return absl::StrJoin(left, " ");
}

std::string Deep(int depth) {
  std::string pattern = "a*";
  for (int i = 0; i < depth; ++i) {
    pattern = absl::StrCat("\\(", pattern, "\\)*");
  }
  return pattern;
}

TEST(ExcludePatternsTest, LeaveOutNothingIfThereAreNone) {
  EXPECT_EQ(Left(""), "bawsa cli cli-tools etcd oc-cli");
  EXPECT_EQ(Left(" \n\t\r\n\n"), "bawsa cli cli-tools etcd oc-cli");
}

// Each held against grep -vG of GNU grep 3.8.
TEST(ExcludePatternsTest, FitAnywhereInNameAndPullSpec) {
  struct Row {
    absl::string_view patterns = "";
    absl::string_view left = "";
  };
  const Row rows[] = {
      {" aws ", "cli cli-tools oc-cli"},
      {"\n\n aws \n alibaba \n", "cli cli-tools oc-cli"},  // TALM's test.sh
      {"aws\n", "cli cli-tools oc-cli"},
      {"aws\r\n", "cli cli-tools oc-cli"},
      {"^\"cli", "bawsa etcd oc-cli"},
      {"^cli", "bawsa cli cli-tools etcd oc-cli"},
      {"\"cli$", "bawsa cli cli-tools etcd oc-cli"},
      {"\"cli$quay", "bawsa cli-tools etcd oc-cli"},
      {"cli$q", "bawsa cli-tools etcd"},
      {"cli\\$q", "bawsa cli-tools etcd"},
      {"tools$", "bawsa cli cli-tools etcd oc-cli"},
      {"tools\"$", "bawsa cli cli-tools etcd"},
      {"\\(cli\\|etcd\\)\\$", "bawsa cli-tools"},
      {"(cli|etcd)", "bawsa cli cli-tools etcd oc-cli"},
      {"\\<cli\\>", "bawsa etcd"},
      {"sha256:0[13]", "cli etcd oc-cli"},
      {"[[:digit:]]\\{4\\}", "bawsa cli cli-tools etcd oc-cli"},
      {"[[:digit:]]\\{3\\}", "oc-cli"},
      {"CLI", "bawsa cli cli-tools etcd oc-cli"},
      {".", ""},
      {"etcd\n\n  oc-cli", "bawsa cli cli-tools"},
      {"# comment", "bawsa cli cli-tools etcd oc-cli"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Left(row.patterns), row.left) << row.patterns;
  }
}

TEST(ExcludePatternsTest, NameTheLineThatIsNoPattern) {
  EXPECT_EQ(Left("aws\n\n\\(cli"),
            "excludes:3: \"\\(cli\": unmatched ( or \\(");
  EXPECT_THAT(Left("[a"), EndsWith("unmatched [, [^, [:, [., or [="));
  EXPECT_THAT(Left("a\\{2,1\\}"), HasSubstr("invalid content of \\{\\}"));
  EXPECT_THAT(Left("a\\"), HasSubstr("trailing backslash"));
}

TEST(ExcludePatternsTest, RefuseAClassInOneBracket) {
  EXPECT_THAT(Left("x[:alpha:]"),
              EndsWith("invalid class: expected [[:alpha:]]"));
  for (const char* pattern :
       {"[^:x]Z", "[]:a:]Z", "\\[:a:]Z", "[[:alpha:]:]Z", "[:]Z", "[a:]Z:]"}) {
    EXPECT_EQ(Left(pattern), "bawsa cli cli-tools etcd oc-cli") << pattern;
  }
}

TEST(ExcludePatternsTest, RefuseWhatTakesTimeWithoutBound) {
  EXPECT_THAT(Left("\\(a*\\)\\(a*\\)\\1\\2b"),
              EndsWith("back-references are not supported"));
  EXPECT_THAT(Left("[\\]\\(a\\)\\1"),
              EndsWith("back-references are not supported"));
  EXPECT_EQ(Left("a\\\\1"), "bawsa cli cli-tools etcd oc-cli");
  EXPECT_THAT(Left("a\\{1,10000\\}b"), EndsWith("more than 1000 repetitions"));
  EXPECT_THAT(Left("a\\{1001,\\}b"), EndsWith("more than 1000 repetitions"));
  EXPECT_THAT(Left("a\\{99999999999999\\}"),
              EndsWith("more than 1000 repetitions"));
  EXPECT_THAT(Left("\\(\\(a\\{100\\}\\)\\{100\\}\\)\\{100\\}"),
              EndsWith("more than 1000 repetitions"));
  EXPECT_THAT(Left(std::string(1025, 'a')), EndsWith("longer than 1024 bytes"));
  EXPECT_THAT(Left(std::string("a\0b", 3)), EndsWith("contains a NUL byte"));
}

TEST(ExcludePatternsTest, TakeDeepNestingAndLongLines) {
  const absl::StatusOr<ExcludePatterns> patterns = ExcludePatterns::Compile(
      {{Deep(200) + "b", "excludes:1"}, {"a\\{1,1000\\}b", "excludes:2"}});

  ASSERT_THAT(patterns, IsOk());
  EXPECT_FALSE(patterns->Excludes("a", std::string(4000, 'a')));
  EXPECT_FALSE(patterns->Excludes("ab", std::string(5000, 'a')));
}

TEST(SourceLinesTest, KnowTheirNumber) {
  const std::vector<SourceLine> lines = SourceLines("\n a \r\n\n\tb c", "f");

  ASSERT_EQ(lines.size(), 2);
  EXPECT_EQ(lines[0].text, "a");
  EXPECT_EQ(lines[0].origin, "f:2");
  EXPECT_EQ(lines[1].text, "b c");
  EXPECT_EQ(lines[1].origin, "f:4");
}

}  // namespace
}  // namespace prepull
