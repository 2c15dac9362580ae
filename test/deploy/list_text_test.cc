#include "prepull/deploy/list_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ListTextTest, IsTheSameForEveryEditor) {
  for (const char* text : {"a:1\nb:2\n", "a:1\nb:2", "a:1\r\nb:2\r\n",
                           "\xEF\xBB\xBF"
                           "a:1\nb:2\n",
                           "a:1\nb:2\n\n \n\n"}) {
    EXPECT_THAT(ListText(text), IsOkAndHolds("a:1\nb:2\n"));
  }
}

TEST(ListTextTest, KeepsCommentsBlankLinesAndTabs) {
  EXPECT_THAT(ListText("\n\t# gr\xC3\xBC\xC3\x9F\n\na:1\t# x\n"),
              IsOkAndHolds("\n\t# gr\xC3\xBC\xC3\x9F\n\na:1\t# x\n"));
}

TEST(ListTextTest, RefusesWhatYamlCannotHold) {
  EXPECT_THAT(ListText("a:1\nb\x1b:2\n"),
              StatusIs(kInvalid, "line 2: contains a control character"));
  EXPECT_THAT(ListText(std::string("a\0b", 3)), StatusIs(kInvalid));
  EXPECT_THAT(ListText("a\rb"), StatusIs(kInvalid));
  EXPECT_THAT(ListText("a\xC2\x85"
                       "b"),
              StatusIs(kInvalid));
  EXPECT_THAT(ListText("a\xE2\x80\xA8"
                       "b"),
              StatusIs(kInvalid));
  EXPECT_THAT(ListText("a\xEF\xBB\xBF"
                       "b"),
              StatusIs(kInvalid));
  EXPECT_THAT(ListText("a\xEF\xBF\xBF"
                       "b"),
              StatusIs(kInvalid));
  EXPECT_THAT(ListText("a\n\n\xFF\n"),
              StatusIs(kInvalid, "line 3: invalid UTF-8"));
}

TEST(ListTextTest, EndsWhereAConfigMapDoes) {
  const std::string most(kMaxList, 'a');

  EXPECT_THAT(CheckListSize(most), IsOk());
  EXPECT_THAT(CheckListSize(most + "b"),
              StatusIs(kInvalid, HasSubstr("1048577 bytes")));
}

TEST(SizeInAnnotationTest, CountsWhatGoEscapesInJson) {
  EXPECT_EQ(SizeInAnnotation(""), 0u);
  EXPECT_EQ(SizeInAnnotation("a:1\n"), 5u);
  EXPECT_EQ(SizeInAnnotation("\t\"\\\n"), 8u);
  EXPECT_EQ(SizeInAnnotation("<&>"), 18u);
  EXPECT_EQ(SizeInAnnotation("gr\xC3\xBC\xC3\x9F"), 6u);
}

}  // namespace
}  // namespace prepull
