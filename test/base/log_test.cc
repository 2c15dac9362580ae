#include "prepull/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "absl/time/clock.h"

namespace prepull {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  void Start(LogFormat format, LogLevel level = LogLevel::kInfo) {
    StartLog({.level = level,
              .format = format,
              .write = [this](absl::string_view line) {
                lines_.emplace_back(line);
              }});
  }

  std::vector<std::string> lines_;
};

// Everything this process would print stands on standard error, and it ends.
[[noreturn]] void LogWithoutStart() {
  std::fflush(stdout);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  Log(LogLevel::kError, "lost", {{"key", "value"}});
  std::fflush(stdout);
  _exit(0);
}

TEST(LogDeathTest, WritesNothingBeforeItIsStarted) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");

  EXPECT_EXIT(LogWithoutStart(), ::testing::ExitedWithCode(0), IsEmpty());
}

TEST_F(LogTest, WritesTimeLevelAndKeysForAPod) {
  Start(LogFormat::kText);

  Log(LogLevel::kInfo, "retry",
      {{"image", "quay.io/a:1"},
       {"attempt", int64_t{2}},
       {"duration", absl::Milliseconds(38120)}});

  EXPECT_THAT(lines_,
              ElementsAre(MatchesRegex(
                  "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z "
                  "info retry image=quay.io/a:1 attempt=2 "
                  "duration_seconds=38.1")));
}

std::string MinuteInUtc() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:", absl::Now(), absl::UTCTimeZone());
}

TEST_F(LogTest, TellsTheTimeInUtcWhereverTheNodeIs) {
  setenv("TZ", "FAR-9", 1);
  tzset();
  Start(LogFormat::kText);

  const std::string before = MinuteInUtc();
  Log(LogLevel::kInfo, "x");
  const std::string after = MinuteInUtc();

  EXPECT_THAT(lines_,
              ElementsAre(AnyOf(StartsWith(before), StartsWith(after))));
  unsetenv("TZ");
  tzset();
}

TEST_F(LogTest, WritesWordsOnlyForPeople) {
  Start(LogFormat::kPeople);

  Log(LogLevel::kWarn, "status file cannot be written",
      {{"error", "no space left on device"}});

  EXPECT_THAT(lines_, ElementsAre("status file cannot be written "
                                  "error=\"no space left on device\""));
}

TEST_F(LogTest, WritesOneJsonObjectALine) {
  Start(LogFormat::kJson);

  Log(LogLevel::kError, "failed",
      {{"image", "say \"a\""},
       {"attempts", int64_t{-1}},
       {"duration", absl::Seconds(90)},
       {"size", "12"}});

  EXPECT_THAT(
      lines_,
      ElementsAre(MatchesRegex(
          R"(\{"time":"[0-9-]{10}T[0-9:]{8}Z","level":"error","event":"failed",)"
          R"("image":"say \\"a\\"","attempts":-1,"duration_seconds":90\.0,)"
          R"("size":"12"\})")));
}

TEST_F(LogTest, QuotesAValueWhoseEndWouldBlur) {
  Start(LogFormat::kPeople);

  Log(LogLevel::kInfo, "x",
      {{"empty", ""},
       {"blank", "a b"},
       {"quote", "a\"b"},
       {"equals", "a=b"},
       {"plain", "a/b:c@d"}});

  EXPECT_THAT(lines_, ElementsAre(R"(x empty="" blank="a b" quote="a\"b" )"
                                  R"(equals="a=b" plain=a/b:c@d)"));
}

TEST_F(LogTest, LetsNoControlCharacterThrough) {
  Start(LogFormat::kPeople);

  Log(LogLevel::kInfo, "x", {{"error", "one\ntwo\x1b[31m\r\xff"}});

  EXPECT_THAT(lines_, ElementsAre("x error=\"one two [31m \xEF\xBF\xBD\""));
}

TEST_F(LogTest, CutsAValueThatIsTooLong) {
  Start(LogFormat::kPeople);

  Log(LogLevel::kInfo, "x", {{"error", std::string(5000, 'a')}});

  EXPECT_THAT(lines_,
              ElementsAre(SizeIs(std::string("x error=").size() + 2048)));
}

TEST_F(LogTest, DoesNotTakeAValueForAFormat) {
  Start(LogFormat::kPeople);

  Log(LogLevel::kInfo, "100%v {}", {{"error", "%s{0}"}});

  EXPECT_THAT(lines_, ElementsAre("100%v {} error=%s{0}"));
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
  Start(LogFormat::kPeople, LogLevel::kWarn);

  Log(LogLevel::kDebug, "debug");
  Log(LogLevel::kInfo, "info");
  Log(LogLevel::kWarn, "warn");
  Log(LogLevel::kError, "error");

  EXPECT_THAT(lines_, ElementsAre("warn", "error"));
}

TEST_F(LogTest, HasAWordForEachLevel) {
  Start(LogFormat::kText, LogLevel::kDebug);

  Log(LogLevel::kDebug, "x");
  Log(LogLevel::kInfo, "x");
  Log(LogLevel::kWarn, "x");
  Log(LogLevel::kError, "x");

  EXPECT_THAT(lines_,
              ElementsAre(HasSubstr("Z debug x"), HasSubstr("Z info x"),
                          HasSubstr("Z warn x"), HasSubstr("Z error x")));
}

TEST_F(LogTest, StartedAnewItLeavesTheOldPlace) {
  Start(LogFormat::kPeople);
  std::vector<std::string> other;
  StartLog(
      {.format = LogFormat::kPeople, .write = [&other](absl::string_view line) {
         other.emplace_back(line);
       }});

  Log(LogLevel::kInfo, "x");

  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_THAT(other, ElementsAre("x"));
}

TEST_F(LogTest, HandsOverLinesWithoutTheirNewline) {
  Start(LogFormat::kText);

  Log(LogLevel::kInfo, "x");

  EXPECT_THAT(lines_, Each(Not(HasSubstr("\n"))));
}

}  // namespace
}  // namespace prepull
