#include "prepull/base/units.h"

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

struct UnitRow {
  std::string text;
  std::string expected;
  std::string why;
};

void PrintTo(const UnitRow& row, std::ostream* out) { *out << row.why; }

class DurationTest : public testing::TestWithParam<UnitRow> {};

TEST_P(DurationTest, IsReadAsGoDoes) {
  const absl::StatusOr<absl::Duration> d = ParseDuration(GetParam().text);

  ASSERT_TRUE(d.ok()) << d.status();
  EXPECT_EQ(absl::FormatDuration(*d), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, DurationTest,
                         Values(UnitRow{"0", "0", "zero needs no unit"},
                                UnitRow{"-0s", "0", "minus zero"},
                                UnitRow{"90s", "1m30s", "seconds"},
                                UnitRow{"1h30m", "1h30m", "two units"},
                                UnitRow{"1.5h", "1h30m", "a fraction"},
                                UnitRow{".5s", "500ms", "no zero"},
                                UnitRow{"100ms", "100ms", "milliseconds"},
                                UnitRow{"5us", "5us", "microseconds"},
                                UnitRow{"7ns", "7ns", "nanoseconds"},
                                UnitRow{"2562047h", "2562047h",
                                        "292 years, Go's longest"}));

class NoDurationTest : public testing::TestWithParam<UnitRow> {};

TEST_P(NoDurationTest, SaysWhy) {
  const absl::Status status = ParseDuration(GetParam().text).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, NoDurationTest,
    Values(
        UnitRow{"", "invalid duration \"\": expected e.g. 30s or 1h30m",
                "empty"},
        UnitRow{
            "30",
            "invalid duration \"30\": missing unit: expected e.g. 30s or 1h30m",
            "bare"},
        UnitRow{
            "-5",
            "invalid duration \"-5\": missing unit: expected e.g. 30s or 1h30m",
            "bare minus"},
        UnitRow{"1.5",
                "invalid duration \"1.5\": missing unit: expected e.g. 30s or "
                "1h30m",
                "fraction"},
        UnitRow{".", "invalid duration \".\": expected e.g. 30s or 1h30m",
                "a dot"},
        UnitRow{"nan", "invalid duration \"nan\": expected e.g. 30s or 1h30m",
                "nan"},
        UnitRow{"soon", "invalid duration \"soon\": expected e.g. 30s or 1h30m",
                "a word"},
        UnitRow{"1d", "invalid duration \"1d\": expected e.g. 30s or 1h30m",
                "days"},
        UnitRow{"30 s", "invalid duration \"30 s\": expected e.g. 30s or 1h30m",
                "a blank"},
        UnitRow{
            "1\n",
            "invalid duration \"1 \": missing unit: expected e.g. 30s or 1h30m",
            "a line end"},
        UnitRow{"-1s", "invalid duration \"-1s\": must not be negative",
                "negative"},
        UnitRow{"-inf", "invalid duration \"-inf\": must not be negative",
                "minus infinity"},
        UnitRow{"inf", "invalid duration \"inf\": longer than 292 years",
                "infinity"},
        UnitRow{"2562048h",
                "invalid duration \"2562048h\": longer than 292 years",
                "longer than Go's longest"},
        UnitRow{"99999999999999999999h",
                "invalid duration \"99999999999999999999h\": expected e.g. 30s "
                "or 1h30m",
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
                StatusIs(invalid, HasSubstr("expected e.g. 35GiB")))
        << text;
  }
  for (const char* text : {"35", "0", "1.5", "35 "}) {
    EXPECT_THAT(ParseBytes(text), StatusIs(invalid, HasSubstr("missing unit")))
        << text;
  }
  EXPECT_THAT(ParseBytes("8192PiB"), StatusIs(invalid, HasSubstr("too large")));
  EXPECT_THAT(ParseBytes(std::string(400, '9') + "GB"),
              StatusIs(invalid, HasSubstr("too large")));
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

}  // namespace
}  // namespace prepull
