#include "prepull/base/toml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

TomlDocument Toml(absl::string_view text) {
  return *TomlDocument::Parse(text, "a.toml");
}

TEST(TomlReaderTest, TablesKeepTheOrderOfTheText) {
  const TomlDocument document = Toml(
      "[host.z]\na = 1\n[host.a]\n[host.z.more]\n[host.\"https://m:5\"]\n");

  std::vector<std::string> keys;
  for (const TomlValue& item : document.root().Find("host")->items) {
    keys.push_back(item.key);
  }

  EXPECT_THAT(keys, ElementsAre("z", "a", "https://m:5"));
}

TEST(TomlReaderTest, WhatIsMissingLeavesAValueAsItIs) {
  const TomlDocument document = Toml("a = 'x'\nb = true\n");
  std::string text = "before";
  bool boolean = false;

  EXPECT_THAT(document.Read(document.root(), "none", text), IsOk());
  EXPECT_EQ(text, "before");
  EXPECT_THAT(document.Read(document.root(), "a", text), IsOk());
  EXPECT_EQ(text, "x");
  EXPECT_THAT(document.Read(document.root(), "b", boolean), IsOk());
  EXPECT_TRUE(boolean);
}

TEST(TomlReaderTest, AnotherTypeIsToldByItsPlace) {
  const TomlDocument document = Toml("[t]\na = 1\n  b = [2]\n");
  const TomlValue& table = *document.root().Find("t");
  std::string text;
  bool boolean = false;

  EXPECT_THAT(document.Read(table, "a", text),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "a.toml:2:5: a: expected a string"));
  EXPECT_THAT(document.Read(table, "a", boolean),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "a.toml:2:5: a: expected true or false"));
  EXPECT_THAT(document.Tables(table, "b"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "a.toml:3:8: b: expected a table"));
  EXPECT_THAT(document.Tables(document.root(), "t"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "a.toml:1:1: t: expected tables [[t]]"));
}

TEST(TomlReaderTest, ABrokenTextIsToldByItsPlace) {
  EXPECT_THAT(TomlDocument::Parse("a = 1\nb = \n", "a.toml"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith("a.toml:2:5: invalid TOML: ")));
}

// The library asserts what such a text breaks, and then reports it.
TEST(TomlReaderTest, ATextThatTheLibraryDoesNotExpectIsAnErrorToo) {
  for (const char* text : {"[\x01]", "[[\x0e", "[ ,a]", "a.\x01 = 1"}) {
    EXPECT_THAT(TomlDocument::Parse(text, "a.toml"),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(TomlReaderTest, WhatIsNotAsciiBecomesAQuestionMarkForEachByte) {
  const TomlDocument document =
      Toml("\xef\xbb\xbf# d\xc3\xa9j\xc3\xa0\na = '\xc3\xa9\xff'\n");

  EXPECT_EQ(document.root().Find("a")->text, "???");
  EXPECT_THAT(TomlDocument::Parse("\xd1\x99 = 1", "a.toml"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

// Freeing a tree as deep as a text of a mebibyte can make it would take more
// than a thread's stack.
TEST(TomlReaderTest, ATreeThatIsTooDeepIsRefused) {
  std::string keys = "a";
  for (int i = 0; i < 300000; ++i) keys += ".a";

  EXPECT_THAT(TomlDocument::Parse(absl::StrCat("b = 1\n", keys, " = 1"), "f"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "f:2:1: more than 200 dots in one line"));
  EXPECT_THAT(
      TomlDocument::Parse(absl::StrCat("a=", std::string(9999, '[')), "f"),
      StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace prepull
