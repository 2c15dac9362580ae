#include "prepull/list/list_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/list/unique_images.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// "origin image" of every request, an error behind it.
std::vector<std::string> Parsed(absl::string_view list) {
  std::vector<std::string> parsed;
  for (const ImageRequest& request : ParseListFile(list, "images.txt")) {
    parsed.push_back(absl::StrCat(request.origin, " ", request.image));
    if (!request.reference.ok()) parsed.back() += " (malformed)";
  }
  return parsed;
}

// The sentence of the only line in `list`, which is line 1.
std::string ListErrorOf(absl::string_view list) {
  const std::vector<ImageRequest> requests = ParseListFile(list, "images.txt");
  return requests.size() == 1
             ? std::string(requests[0].reference.status().message())
             : absl::StrCat(requests.size(), " requests");
}

std::string LinesOf(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&list, "quay.io/team/app-", i, ":1.2\n");
  }
  return list;
}

TEST(ListFileTest, ReadsOneImageALine) {
  EXPECT_THAT(
      Parsed("quay.io/a:1\nquay.io/b:1\n"),
      ElementsAre("images.txt:1 quay.io/a:1", "images.txt:2 quay.io/b:1"));
}

TEST(ListFileTest, KeepsTheTextForTheRuntime) {
  const std::vector<ImageRequest> requests = ParseListFile("busybox", "l");

  ASSERT_THAT(requests, SizeIs(1));
  ASSERT_TRUE(requests[0].reference.ok());
  EXPECT_EQ(requests[0].reference->text(), "busybox");
}

TEST(ListFileTest, HoldsNothingIfEmpty) {
  EXPECT_THAT(Parsed(""), IsEmpty());
  EXPECT_THAT(Parsed("\n\n"), IsEmpty());
  EXPECT_THAT(Parsed("# only words\n \t\r\n"), IsEmpty());
}

TEST(ListFileTest, CountsBlankLinesAndComments) {
  EXPECT_THAT(Parsed("# images\n\n \t# more\n  \na:1\n"),
              ElementsAre("images.txt:5 a:1"));
}

TEST(ListFileTest, CutsATrailingComment) {
  EXPECT_THAT(
      Parsed("a:1 # first\nb:1\t#second # third\nc:1 #\n"),
      ElementsAre("images.txt:1 a:1", "images.txt:2 b:1", "images.txt:3 c:1"));
}

TEST(ListFileTest, TakesNoHashWithinAWordForAComment) {
  EXPECT_THAT(Parsed("a#b:1\na#b # c\n"),
              ElementsAre("images.txt:1 a#b:1 (malformed)",
                          "images.txt:2 a#b (malformed)"));
}

TEST(ListFileTest, AcceptsWindowsLineEnds) {
  EXPECT_THAT(
      Parsed("a:1\r\n\r\nb:1 # c\r\nc:1\r"),
      ElementsAre("images.txt:1 a:1", "images.txt:3 b:1", "images.txt:4 c:1"));
}

TEST(ListFileTest, AcceptsTabsAndBlanksAroundAnImage) {
  EXPECT_THAT(Parsed("\t a:1 \t\n"), ElementsAre("images.txt:1 a:1"));
}

TEST(ListFileTest, AcceptsAByteOrderMark) {
  EXPECT_THAT(Parsed("\xEF\xBB\xBF"
                     "a:1\n"),
              ElementsAre("images.txt:1 a:1"));
  EXPECT_THAT(Parsed("\xEF\xBB\xBF"), IsEmpty());
}

TEST(ListFileTest, AcceptsAMissingLastNewline) {
  EXPECT_THAT(Parsed("a:1\nb:1"),
              ElementsAre("images.txt:1 a:1", "images.txt:2 b:1"));
}

TEST(ListFileTest, GoesOnBehindAMalformedLine) {
  EXPECT_THAT(Parsed("a:1\nBad\nb:1\n"),
              ElementsAre("images.txt:1 a:1", "images.txt:2 Bad (malformed)",
                          "images.txt:3 b:1"));
}

TEST(ListFileTest, NamesFileLineTextAndRule) {
  const std::vector<ImageRequest> requests =
      ParseListFile("\n\nquay.io/Team/app\n", "images.txt");

  ASSERT_THAT(requests, SizeIs(1));
  const absl::Status status = requests[0].reference.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "images.txt:3: \"quay.io/Team/app\": repository must be lowercase");
}

TEST(ListFileTest, ReadsTheOptionsBehindAnImage) {
  const std::vector<ImageRequest> requests = ParseListFile(
      "a:1 secret=team-a\tpolicy=Always  pin=true # all of them\n"
      "b:1 policy=IfNotPresent pin=false\n"
      "c:1\n",
      "images.txt");

  ASSERT_THAT(requests, SizeIs(3));
  EXPECT_EQ(requests[0].image, "a:1");
  EXPECT_EQ(requests[0].options.secret, "team-a");
  EXPECT_EQ(requests[0].options.policy, PullPolicy::kAlways);
  EXPECT_TRUE(requests[0].options.pin);
  EXPECT_EQ(requests[1].options.policy, PullPolicy::kIfNotPresent);
  EXPECT_FALSE(requests[1].options.pin);
  EXPECT_EQ(requests[2].options.policy, std::nullopt);
  EXPECT_EQ(requests[2].options.secret, "");
}

TEST(ListFileTest, RefusesWhatIsNoOption) {
  EXPECT_EQ(ListErrorOf("a:1 extra # why\n"),
            "images.txt:1: \"extra\": invalid option: expected secret=NAME, "
            "policy=Always|IfNotPresent or pin=true|false");
  for (const std::string option :
       {"colour=red", "secret=", "secret", "secret=..", "secret=.",
        "secret=..data", "secret=../other", "secret=/etc/passwd",
        "policy=always", "policy=", "pin=yes", "pin", "=", "Secret=a"}) {
    EXPECT_THAT(ListErrorOf(absl::StrCat("a:1 pin=true ", option, "\n")),
                HasSubstr("invalid option"))
        << option;
  }
}

TEST(ListFileTest, RefusesALineLongerThan4096Bytes) {
  const std::string longest = absl::StrCat(std::string(4094, 'h'), "/a");

  EXPECT_EQ(ListErrorOf(absl::StrCat(longest, "a")),
            "images.txt:1: line: longer than 4096 bytes");
  EXPECT_THAT(ListErrorOf(absl::StrCat(longest, "\r\n")),
              HasSubstr("repository is longer than 255"));
}

TEST(ListFileTest, SkipsACommentOfAnyLength) {
  EXPECT_THAT(Parsed(absl::StrCat("#", std::string(5000, 'x'), "\na:1\n")),
              ElementsAre("images.txt:2 a:1"));
}

TEST(ListFileTest, CountsATrailingCommentIntoTheLine) {
  EXPECT_EQ(ListErrorOf(absl::StrCat("a:1 # ", std::string(5000, 'x'))),
            "images.txt:1: line: longer than 4096 bytes");
}

TEST(ListFileTest, RefusesANulByte) {
  const absl::string_view list("a:1\0\n", 5);

  EXPECT_EQ(ListErrorOf(list), "images.txt:1: line: contains a NUL byte");
  EXPECT_THAT(Parsed(list), ElementsAre("images.txt:1 a:1  (malformed)"));
}

TEST(ListFileTest, ShowsHostileBytesPrintable) {
  const std::vector<ImageRequest> requests = ParseListFile(
      "\x1b[31m\xFF"
      "a\n",
      "l");

  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].image,
            " [31m\xEF\xBF\xBD"
            "a");
  EXPECT_THAT(std::string(requests[0].reference.status().message()),
              HasSubstr("\" [31m\xEF\xBF\xBD"
                        "a\""));
}

TEST(ListFileTest, BoundsWhatItShowsOfAMalformedLine) {
  const std::vector<ImageRequest> requests =
      ParseListFile(std::string(4000, 'A'), "l");

  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_THAT(requests[0].image, SizeIs(256));
  EXPECT_THAT(requests[0].image, EndsWith("…"));
  EXPECT_LT(requests[0].reference.status().message().size(), 200);
}

TEST(ListFileTest, KeepsPasswordsOfPastedUrlsToItself) {
  const std::vector<ImageRequest> requests =
      ParseListFile("https://me:s3cret@quay.io/a:1?token=t0ken\n", "l");

  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].image, "https://quay.io/a:1");
  EXPECT_THAT(std::string(requests[0].reference.status().message()),
              Not(HasSubstr("s3cret")));
}

TEST(ListFileTest, ReadsAHundredThousandLines) {
  const std::string list = LinesOf(100000);

  std::vector<ImageRequest> requests = ParseListFile(list, "images.txt");

  ASSERT_THAT(requests, SizeIs(100000));
  EXPECT_EQ(requests.back().origin, "images.txt:100000");
  EXPECT_THAT(UniqueImages(std::move(requests)), SizeIs(100000));
}

TEST(ImageArgumentTest, IsKnownByItsNumber) {
  const ImageRequest request = ImageNamed("quay.io/a:1", "argument 2");

  EXPECT_EQ(request.image, "quay.io/a:1");
  EXPECT_EQ(request.origin, "argument 2");
  EXPECT_TRUE(request.reference.ok());
}

TEST(ImageArgumentTest, NamesItsNumberAndText) {
  const ImageRequest request = ImageNamed("quay.io/A", "argument 2");

  EXPECT_EQ(request.reference.status().message(),
            "argument 2: \"quay.io/A\": repository must be lowercase");
}

TEST(ImageArgumentTest, MayNotBeEmpty) {
  EXPECT_EQ(ImageNamed("", "argument 1").reference.status().message(),
            "argument 1: \"\": image reference is empty");
}

TEST(ImageArgumentTest, MayNotBeLongerThanALine) {
  EXPECT_EQ(ImageNamed(std::string(4097, 'a'), "argument 1")
                .reference.status()
                .message(),
            "argument 1: image reference: longer than 4096 bytes");
}

TEST(ListFileTest, ALineIsWrittenAsItIsRead) {
  for (const char* line : {"quay.io/a:1", "quay.io/a:1 policy=Always",
                           "quay.io/a:1 policy=IfNotPresent",
                           "quay.io/a:1 secret=team policy=Always pin=true"}) {
    const std::vector<ImageRequest> requests = ParseListFile(line, "list");
    ASSERT_THAT(requests, SizeIs(1));
    ASSERT_TRUE(requests[0].reference.ok()) << line;
    EXPECT_EQ(ListLine(requests[0]), line);
  }
}

}  // namespace
}  // namespace prepull
