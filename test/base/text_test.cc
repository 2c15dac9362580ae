#include "prepull/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/redact.h"
#include "prepull/base/units.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::Values;

struct Row {
  std::string text;
  std::string expected;
  std::string why;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.why; }

// Well-formed UTF-8: Unicode 15, table 3-7.
class PrintableTest : public testing::TestWithParam<Row> {};

TEST_P(PrintableTest, IsOneLineOfValidUtf8) {
  EXPECT_EQ(Printable(GetParam().text, 100), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, PrintableTest,
    Values(Row{"", "", "nothing"}, Row{"quay.io/a:1", "quay.io/a:1", "ASCII"},
           Row{"ä€😀", "ä€😀", "two, three and four bytes"},
           Row{"a\nb\tc\x1b[31m\x7F", "a b c [31m ", "C0 and DEL"},
           Row{std::string("a\0b", 3), "a b", "NUL"},
           Row{"a\xC2\x85\xC2\x9F"
               "b",
               "a  b", "C1"},
           Row{"a\xC2\xA0"
               "b",
               "a\xC2\xA0"
               "b",
               "no-break space is no control"},
           Row{"a\xE2\x80\xA8"
               "b\xE2\x80\xA9"
               "c",
               "a b c", "Unicode line ends"},
           Row{"a\xE2\x80\xAE"
               "b\xE2\x81\xA6"
               "c",
               "a b c", "writing directions (trojansource.codes)"},
           Row{"\xE2\x80\xA7\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA",
               "\xE2\x80\xA7\xE2\x80\xAF\xE2\x81\xA5\xE2\x81\xAA",
               "their neighbours"},
           Row{"a\xFF\xFE"
               "b",
               "a��b", "bytes UTF-8 never has"},
           Row{"\x80"
               "a",
               "�a", "a lone continuation"},
           Row{"\xC3(", "�(", "a sequence cut short"},
           Row{"\xF0\x9F\x98", "���", "a sequence cut by the end"},
           Row{"\xC0\xAF", "��", "overlong, two bytes"},
           Row{"\xE0\x80\xAF", "���", "overlong, three bytes"},
           Row{"\xF0\x80\x80\xAF", "����", "overlong, four bytes"},
           Row{"\xED\xA0\x80", "���", "a surrogate"},
           Row{"\xF4\x90\x80\x80", "����", "above U+10FFFF"},
           Row{"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF", "U+10FFFF"}));

TEST(PrintableLimitTest, LeavesATextOfExactlyTheLimitWhole) {
  EXPECT_EQ(Printable("12345678", 8), "12345678");
}

TEST(PrintableLimitTest, PutsAnEllipsisForWhatIsTooLong) {
  EXPECT_EQ(Printable("123456789", 8), "12345…");
}

TEST(PrintableLimitTest, NeverCutsACharacter) {
  EXPECT_EQ(Printable("1234ääää", 8), "1234…");
  EXPECT_EQ(Printable("😀😀😀", 9), "😀…");
}

TEST(PrintableLimitTest, CountsWhatBrokenBytesGrowInto) {
  EXPECT_EQ(Printable("12345\xFF\xFF\xFF", 8), "12345…");
  EXPECT_EQ(Printable("12345\xFF", 8), "12345�");
}

TEST(PrintableLimitTest, CountsWhatControlsShrinkInto) {
  EXPECT_EQ(Printable("1234567\xC2\x85", 8), "1234567 ");
}

TEST(PrintableLimitTest, KeepsLimitsBelowTheEllipsis) {
  EXPECT_EQ(Printable("abcd", 3), "…");
  EXPECT_EQ(Printable("abcd", 2), "");
  EXPECT_EQ(Printable("abcd", 0), "");
}

TEST(PrintableLimitTest, StaysWithinTheLimitOnMegabytesOfRubbish) {
  const std::string shown = Printable(std::string(4 << 20, '\xFF'), 1 << 20);

  EXPECT_LE(shown.size(), 1 << 20);
  EXPECT_THAT(shown, EndsWith("…"));
}

TEST(IsPlainNameTest, TakesNamesThatStayInTheirFolder) {
  for (const char* name : {"team-a", "a.b", ".dockercfg", "caf\xC3\xA9"}) {
    EXPECT_TRUE(IsPlainName(name)) << name;
  }
  for (const char* name :
       {"", ".", "..", "..data", "a/b", "/etc", "a\tb", "a\xFF"}) {
    EXPECT_FALSE(IsPlainName(name)) << name;
  }
  EXPECT_TRUE(IsPlainName(std::string(253, 'a')));
  EXPECT_FALSE(IsPlainName(std::string(254, 'a')));
}

TEST(SplitHostPortTest, FindsThePortBehindNamesAndAddresses) {
  using Parts = std::pair<absl::string_view, absl::string_view>;
  EXPECT_EQ(SplitHostPort("a.io:5000"), Parts("a.io", "5000"));
  EXPECT_EQ(SplitHostPort("a.io"), Parts("a.io", ""));
  EXPECT_EQ(SplitHostPort("[::1]:5000"), Parts("[::1]", "5000"));
  EXPECT_EQ(SplitHostPort("[::1]"), Parts("[::1]", ""));
  EXPECT_EQ(SplitHostPort("::1"), Parts("::1", ""));
  EXPECT_EQ(SplitHostPort(":5000"), Parts("", "5000"));
  EXPECT_EQ(SplitHostPort(""), Parts("", ""));
}

TEST(CountedTest, KnowsOneFromMany) {
  EXPECT_EQ(Counted(0, "image"), "0 images");
  EXPECT_EQ(Counted(1, "image"), "1 image");
  EXPECT_EQ(Counted(2, "image"), "2 images");
}

TEST(IsUtf8Test, TakesControlCharactersButNoBrokenBytes) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\n\x7F\xC3\xA4\xE2\x82\xAC"));
  EXPECT_FALSE(IsUtf8("a\xC3"));
  EXPECT_FALSE(IsUtf8("\xFF"));
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));  // a surrogate
}

}  // namespace
}  // namespace prepull
