#include "prepull/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

// Forms of the texts: Go's url.Error, containerd and CRI-O.
class UrlSecretsTest : public testing::TestWithParam<Row> {};

TEST_P(UrlSecretsTest, StayOut) {
  EXPECT_EQ(WithoutUrlSecrets(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, UrlSecretsTest,
    Values(Row{"no URL? none@all", "no URL? none@all", "plain text"},
           Row{"https://quay.io/v2/a", "https://quay.io/v2/a", "no secret"},
           Row{"https://me:pass@quay.io/v2", "https://quay.io/v2", "user info"},
           Row{"u:p@ss@quay.io/a:1", "quay.io/a:1", "user info, no scheme"},
           Row{"a=u:pass@h/x", "h/x", "user info of a rule"},
           Row{"alpine:3@sha256:12", "alpine:3@sha256:12", "a digest"},
           Row{"h:5000/a:1@sha512:12", "h:5000/a:1@sha512:12",
               "a digest behind a port"},
           Row{"https://token@quay.io", "https://quay.io", "a bare user"},
           Row{"https://me:p@ss@quay.io/v2", "https://quay.io/v2",
               "an @ in the password"},
           Row{"https://h/a@sha256:12", "https://h/a@sha256:12",
               "an @ in the path"},
           Row{"https://h/a?X-Amz-Signature=1&b=2", "https://h/a", "a query"},
           Row{"https://h?sig=me@you", "https://h", "a query behind the host"},
           Row{"https://h/a?b=c#d", "https://h/a", "a query and a fragment"},
           Row{"Get \"https://me:pw@h/a?sig=x\": EOF",
               "Get \"https://h/a\": EOF", "Go's %q"},
           Row{R"(Get \"https://h/a?sig=x\": EOF)",
               R"(Get \"https://h/a\": EOF)", "Go's %q in a quoted text"},
           Row{"get https://h/a?sig=x: refused", "get https://h/a: refused",
               "a colon behind"},
           Row{"(see https://h/a?sig=x).", "(see https://h/a).",
               "brackets around"},
           Row{"get 'https://h/a?sig=x', 1", "get 'https://h/a', 1",
               "single quotes around"},
           Row{"https://h/a?b='x)y'z end", "https://h/a end",
               "quotes and brackets within"},
           Row{"https://a:1@b/c?d and https://e:2@f/g?h i",
               "https://b/c and https://f/g i", "two URLs"},
           Row{"https://a,https://me:pass@b", "https://a,https://b",
               "two URLs without a blank"},
           Row{"https://h/?u=https://me:pass@b/", "https://h/",
               "a URL in a query"},
           Row{"is it https://h/a?", "is it https://h/a", "a question"},
           Row{"https://", "https://", "a scheme alone"},
           Row{"://@", "://", "nothing around"},
           Row{"https://me:pw@", "https://", "no host"},
           Row{"https://h/a\nuser@b?c", "https://h/a\nuser@b?c",
               "another line is not the URL"}));

TEST(UrlSecretsTimeTest, IsLinearInManySchemes) {
  std::string text;
  for (int i = 0; i < 1 << 20; ++i) text += "a://";

  EXPECT_THAT(WithoutUrlSecrets(text), SizeIs(text.size()));
}

TEST(UrlSecretsTimeTest, IsLinearInOneLongQuery) {
  const std::string text =
      absl::StrCat("a://h?", std::string(4 << 20, '@'), " end");

  EXPECT_EQ(WithoutUrlSecrets(text), "a://h end");
}

class DurationTest : public testing::TestWithParam<Row> {};

TEST_P(DurationTest, IsReadAsGoDoes) {
  const absl::StatusOr<absl::Duration> d = ParseDuration(GetParam().text);

  ASSERT_TRUE(d.ok()) << d.status();
  EXPECT_EQ(absl::FormatDuration(*d), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DurationTest,
    Values(Row{"0", "0", "zero needs no unit"}, Row{"-0s", "0", "minus zero"},
           Row{"90s", "1m30s", "seconds"}, Row{"1h30m", "1h30m", "two units"},
           Row{"1.5h", "1h30m", "a fraction"}, Row{".5s", "500ms", "no zero"},
           Row{"100ms", "100ms", "milliseconds"},
           Row{"5us", "5us", "microseconds"}, Row{"7ns", "7ns", "nanoseconds"},
           Row{"2562047h", "2562047h", "292 years, Go's longest"}));

class NoDurationTest : public testing::TestWithParam<Row> {};

TEST_P(NoDurationTest, SaysWhy) {
  const absl::Status status = ParseDuration(GetParam().text).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, NoDurationTest,
    Values(Row{"", "\"\" is no duration like 30s or 1h30m", "empty"},
           Row{"30", "\"30\" lacks a unit, as in 30s or 1h30m", "bare"},
           Row{"-5", "\"-5\" lacks a unit, as in 30s or 1h30m", "bare minus"},
           Row{"1.5", "\"1.5\" lacks a unit, as in 30s or 1h30m", "fraction"},
           Row{".", "\".\" is no duration like 30s or 1h30m", "a dot"},
           Row{"nan", "\"nan\" is no duration like 30s or 1h30m", "nan"},
           Row{"soon", "\"soon\" is no duration like 30s or 1h30m", "a word"},
           Row{"1d", "\"1d\" is no duration like 30s or 1h30m", "days"},
           Row{"30 s", "\"30 s\" is no duration like 30s or 1h30m", "a blank"},
           Row{"1\n", "\"1 \" lacks a unit, as in 30s or 1h30m", "a line end"},
           Row{"-1s", "\"-1s\" is negative", "negative"},
           Row{"-inf", "\"-inf\" is negative", "minus infinity"},
           Row{"inf", "\"inf\" is longer than 292 years", "infinity"},
           Row{"2562048h", "\"2562048h\" is longer than 292 years",
               "longer than Go's longest"},
           Row{"99999999999999999999h",
               "\"99999999999999999999h\" is no duration like 30s or 1h30m",
               "more than 64 bits"}));

TEST(NoDurationBoundTest, ShowsOnlyTheBeginningOfALongText) {
  const absl::Status status = ParseDuration(std::string(1 << 20, '1')).status();

  EXPECT_LT(status.message().size(), 128);
}

TEST(ParseBytesTest, TakesDecimalAndBinaryUnits) {
  EXPECT_THAT(ParseBytes("35GiB"), IsOkAndHolds(int64_t{35} << 30));
  EXPECT_THAT(ParseBytes("40GB"), IsOkAndHolds(40'000'000'000));
  EXPECT_THAT(ParseBytes("35 GiB"), IsOkAndHolds(int64_t{35} << 30));  // TALM
  EXPECT_THAT(ParseBytes("35Gi"), IsOkAndHolds(int64_t{35} << 30));
  EXPECT_THAT(ParseBytes("1.5T"), IsOkAndHolds(1'500'000'000'000));
  EXPECT_THAT(ParseBytes("512MiB"), IsOkAndHolds(512 << 20));
  EXPECT_THAT(ParseBytes(" 1kB "), IsOkAndHolds(1000));
  EXPECT_THAT(ParseBytes("1KiB"), IsOkAndHolds(1024));
  EXPECT_THAT(ParseBytes("2PB"), IsOkAndHolds(2'000'000'000'000'000));
  EXPECT_THAT(ParseBytes("0B"), IsOkAndHolds(0));
  EXPECT_THAT(ParseBytes("0.5B"), IsOkAndHolds(1));
}

TEST(ParseBytesTest, SaysWhyATextIsNone) {
  const auto invalid = absl::StatusCode::kInvalidArgument;
  for (const char* text :
       {"", "GiB", "x", "-1GB", "+1GB", "1..5GB", ".GB", "1GBs", "1 iB", "1gib",
        "1ZB", "0x10GB", "nanGB", "infGB", "1e3GB", "1 G B", "1BB"}) {
    EXPECT_THAT(ParseBytes(text),
                StatusIs(invalid, HasSubstr("is no size like 35GiB")))
        << text;
  }
  for (const char* text : {"35", "0", "1.5", "35 "}) {
    EXPECT_THAT(ParseBytes(text), StatusIs(invalid, HasSubstr("lacks a unit")))
        << text;
  }
  EXPECT_THAT(ParseBytes("8192PiB"),
              StatusIs(invalid, HasSubstr("is too large")));
  EXPECT_THAT(ParseBytes(std::string(400, '9') + "GB"),
              StatusIs(invalid, HasSubstr("is ")));
}

TEST(HumanDurationTest, ShowsTenthsBelowTenSeconds) {
  EXPECT_EQ(HumanDuration(absl::ZeroDuration()), "0.0s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(210)), "0.2s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(9940)), "9.9s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(9950)), "10s");
}

TEST(HumanDurationTest, RoundsToTheUnitItShows) {
  EXPECT_EQ(HumanDuration(absl::Seconds(38)), "38s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(59400)), "59s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(59600)), "1m00s");
  EXPECT_EQ(HumanDuration(absl::Seconds(182)), "3m02s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(3599600)), "1h00m");
  EXPECT_EQ(HumanDuration(absl::Minutes(125)), "2h05m");
  EXPECT_EQ(HumanDuration(absl::Hours(100)), "100h00m");
}

TEST(HumanBytesTest, CountsInThousandsAsDockerDoes) {
  EXPECT_EQ(HumanBytes(0), "0B");
  EXPECT_EQ(HumanBytes(17), "17B");
  EXPECT_EQ(HumanBytes(999), "999B");
  EXPECT_EQ(HumanBytes(1000), "1.0kB");
  EXPECT_EQ(HumanBytes(39859879), "40MB");
  EXPECT_EQ(HumanBytes(412000000), "412MB");
  EXPECT_EQ(HumanBytes(1234567890), "1.2GB");
  EXPECT_EQ(HumanBytes(3'500'000'000'000), "3.5TB");
}

TEST(HumanBytesTest, NeverShowsFourDigitsForRounding) {
  EXPECT_EQ(HumanBytes(9949), "9.9kB");
  EXPECT_EQ(HumanBytes(9950), "10kB");
  EXPECT_EQ(HumanBytes(999499), "999kB");
  EXPECT_EQ(HumanBytes(999500), "1.0MB");
}

TEST(HumanBytesTest, HasNoUnitAboveTerabytes) {
  EXPECT_EQ(HumanBytes(std::numeric_limits<int64_t>::max()), "9223372TB");
}

TEST(CountedTest, KnowsOneFromMany) {
  EXPECT_EQ(Counted(0, "image"), "0 images");
  EXPECT_EQ(Counted(1, "image"), "1 image");
  EXPECT_EQ(Counted(2, "image"), "2 images");
}

TEST(EditDistanceTest, CountsInsertedDeletedAndReplacedCharacters) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("fetch", "fetch"), 0);
  EXPECT_EQ(EditDistance("fetsh", "fetch"), 1);
  EXPECT_EQ(EditDistance("fech", "fetch"), 1);
  EXPECT_EQ(EditDistance("ffetch", "fetch"), 1);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("abc", ""), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
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
