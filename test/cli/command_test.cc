#include "src/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cli/command_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST_F(CommandTest, LeavesTheDefaultsWhereNothingIsGiven) {
  ASSERT_THAT(Parse({}), IsOk());

  EXPECT_EQ(size_, 1);
  EXPECT_EQ(label_, "none");
  EXPECT_EQ(wait_, absl::Seconds(9));
  EXPECT_THAT(lists_, IsEmpty());
  EXPECT_THAT(things_, IsEmpty());
}

TEST_F(CommandTest, TakesAValueInEveryUsualForm) {
  const std::vector<std::vector<std::string>> forms = {
      {"-s4"}, {"-s", "4"}, {"--size=4"}, {"--size", "4"}};
  for (const std::vector<std::string>& words : forms) {
    size_ = 1;
    ASSERT_THAT(Parse(words), IsOk());
    EXPECT_EQ(size_, 4) << words[0];
  }
}

TEST_F(CommandTest, TheLastFlagGivenWins) {
  ASSERT_THAT(Parse({"--size=4", "--label", "a", "-s", "8", "--label=b",
                     "--dry-run", "--dry-run=false"}),
              IsOk());

  EXPECT_EQ(size_, 8);
  EXPECT_EQ(label_, "b");
  EXPECT_FALSE(dry_run_);
}

TEST_F(CommandTest, TellsWhichFlagsAreGiven) {
  host_.environment["PREPULL_LABEL"] = "a";

  ASSERT_THAT(command_.ParseWords({"-ns4", "socks"}), IsOk());

  std::vector<std::string> given;
  for (const FlagDoc& flag : command_.GivenFlags()) given.push_back(flag.name);
  EXPECT_THAT(given, UnorderedElementsAre("--size", "--dry-run"));
  EXPECT_EQ(label_, "none");

  ASSERT_THAT(Parse({"socks"}), IsOk());

  given.clear();
  for (const FlagDoc& flag : command_.GivenFlags()) given.push_back(flag.name);
  EXPECT_THAT(given, UnorderedElementsAre("--label"));
}

TEST_F(CommandTest, PeeksAtAFlagInWordsThatCannotBeParsed) {
  host_.environment = {{"PREPULL_LABEL", "a"}, {"PREPULL_DRY_RUN", "1"}};

  EXPECT_EQ(command_.Peek("--label", {"--sise", "4"}, host_), "a");
  EXPECT_EQ(command_.Peek("--label", {"--label=b", "--label", "c"}, host_),
            "c");
  EXPECT_EQ(command_.Peek("--label", {"--", "--label=b"}, host_), "a");
  EXPECT_EQ(command_.Peek("--dry-run", {"--sise"}, host_), "1");
  EXPECT_EQ(command_.Peek("--dry-run", {"--dry-run", "--sise"}, host_), "true");
  EXPECT_EQ(command_.Peek("--dry-run", {"--dry-run=false"}, host_), "false");
  EXPECT_EQ(command_.Peek("--colour", {"--sise"}, host_), "");
}

TEST_F(CommandTest, ARepeatableFlagTakesAll) {
  ASSERT_THAT(Parse({"--list-file", "a", "--list-file=b"}), IsOk());

  EXPECT_THAT(lists_, ElementsAre("a", "b"));
}

TEST_F(CommandTest, ARepeatableFlagDoesNotSwallowTheWordsBehindIt) {
  ASSERT_THAT(Parse({"--list-file", "a", "socks", "--list-file=b", "shoes"}),
              IsOk());

  EXPECT_THAT(lists_, ElementsAre("a", "b"));
  EXPECT_THAT(things_, ElementsAre("socks", "shoes"));
}

TEST_F(CommandTest, FlagsMayStandBetweenTheWords) {
  ASSERT_THAT(Parse({"socks", "-n", "shoes", "--size", "3", "hat"}), IsOk());

  EXPECT_THAT(things_, ElementsAre("socks", "shoes", "hat"));
  EXPECT_TRUE(dry_run_);
}

TEST_F(CommandTest, TakesWhatStandsBehindTwoDashesAsItIs) {
  ASSERT_THAT(Parse({"-n", "--", "--size", "socks"}), IsOk());

  EXPECT_THAT(things_, ElementsAre("--size", "socks"));
  EXPECT_EQ(size_, 1);
}

TEST_F(CommandTest, ShortSwitchesMayStandTogether) {
  ASSERT_THAT(Parse({"-nq"}), IsOk());

  EXPECT_TRUE(dry_run_);
  EXPECT_TRUE(quiet_);
}

TEST_F(CommandTest, TakesAnEqualsSignForPartOfTheValue) {
  ASSERT_THAT(Parse({"--label=a=b="}), IsOk());

  EXPECT_EQ(label_, "a=b=");
}

TEST_F(CommandTest, TheFlagWinsOverTheEnvironment) {
  host_.environment = {{"PREPULL_SIZE", "5"}, {"PREPULL_LIST_FILE", "a\nb"}};

  ASSERT_THAT(Parse({"--size=4", "--list-file=c"}), IsOk());

  EXPECT_EQ(size_, 4);
  EXPECT_THAT(lists_, ElementsAre("c"));
}

TEST_F(CommandTest, TheEnvironmentWinsOverTheDefault) {
  host_.environment = {{"PREPULL_SIZE", "5"},
                       {"PREPULL_MAX_WAIT", "1h30m"},
                       {"PREPULL_COLOUR", "green"},
                       {"PREPULL_DRY_RUN", "1"}};

  ASSERT_THAT(Parse({}), IsOk());

  EXPECT_EQ(size_, 5);
  EXPECT_EQ(wait_, absl::Minutes(90));
  EXPECT_EQ(colour_, "green");
  EXPECT_TRUE(dry_run_);
}

TEST_F(CommandTest, ARepeatableFlagTakesEachLineOfItsVariable) {
  host_.environment["PREPULL_LIST_FILE"] = "a b\n\n  \nc\n";

  ASSERT_THAT(Parse({}), IsOk());

  EXPECT_THAT(lists_, ElementsAre("a b", "c"));
}

TEST_F(CommandTest, AnEmptyVariableIsAnUnsetOne) {
  host_.environment = {
      {"PREPULL_SIZE", ""}, {"PREPULL_LIST_FILE", ""}, {"PREPULL_DRY_RUN", ""}};

  ASSERT_THAT(Parse({}), IsOk());

  EXPECT_EQ(size_, 1);
  EXPECT_THAT(lists_, IsEmpty());
}

// Kubernetes injects some for a Service of that name.
TEST_F(CommandTest, IgnoresVariablesItDoesNotKnow) {
  host_.environment["PREPULL_SERVICE_HOST"] = "10.0.0.1";

  EXPECT_THAT(Parse({}), IsOk());
}

TEST_F(CommandTest, NamesTheVariableThatIsWrong) {
  host_.environment["PREPULL_SIZE"] = "huge";

  EXPECT_THAT(Parse({}),
              StatusIs(Code::kInvalidArgument,
                       "PREPULL_SIZE: Value \"huge\" not in range 1 to 64"));
}

struct Refused {
  std::vector<std::string> words;
  std::string complaint;
};

TEST_F(CommandTest, SaysWhatIsWrong) {
  const std::vector<Refused> rows = {
      {{"--size=0"}, "--size: Value 0 not in range 1 to 64"},
      {{"-s65"}, "--size: Value 65 not in range 1 to 64"},
      {{"--size=99999999999999999999"},
       "--size: Value \"99999999999999999999\" not in range 1 to 64"},
      {{"--size=0x10"}, "--size: Value \"0x10\" not in range 1 to 64"},
      {{"--size=true"}, "--size: Value \"true\" not in range 1 to 64"},
      {{"--max-wait=30"},
       "--max-wait: invalid duration \"30\": missing unit: expected e.g. 30s "
       "or 1h30m"},
      {{"--max-wait=soon"},
       "--max-wait: invalid duration \"soon\": expected e.g. 30s or 1h30m"},
      {{"--max-wait=-1s"},
       "--max-wait: invalid duration \"-1s\": must not be negative"},
      {{"--colour=blue"}, "--colour: blue not in {red,green}"},
      {{"--dry-run=2"}, "--dry-run: 2 not in {true,false,1,0}"},
      {{"--dry-run=maybe"}, "--dry-run: maybe not in {true,false,1,0}"},
      {{"--label="}, "--label: value is missing"},
      {{"--label=", "socks"}, "--label: value is missing"},
      {{"--label"}, "--label: value is missing"},
      {{"-s"}, "--size: value is missing"},
      {{"--sice=4"}, "unknown flag \"--sice\"\nhint: did you mean \"--size\"?"},
      {{"--bogus", "x"}, "unknown flag \"--bogus\""},
      {{"-x"}, "unknown flag \"-x\""},
  };
  for (const Refused& row : rows) {
    EXPECT_THAT(Parse(row.words),
                StatusIs(Code::kInvalidArgument, row.complaint));
  }
}

TEST_F(CommandTest, ReadsDecimalNumbers) {
  ASSERT_THAT(Parse({"--size=010"}), IsOk());

  EXPECT_EQ(size_, 10);
}

TEST_F(CommandTest, TakesBracketsAndBracesForText) {
  ASSERT_THAT(Parse({"--list-file={}", "--list-file=[a,b]", "--label=[c]"}),
              IsOk());

  EXPECT_THAT(lists_, ElementsAre("{}", "[a,b]"));
  EXPECT_EQ(label_, "[c]");
}

TEST_F(CommandTest, SwitchesAreTrueOrFalseInAnyCase) {
  ASSERT_THAT(Parse({"--dry-run=TRUE", "--quiet=1"}), IsOk());

  EXPECT_TRUE(dry_run_);
  EXPECT_TRUE(quiet_);
}

TEST_F(CommandTest, LetsNoControlCharacterOfAWordThrough) {
  EXPECT_THAT(Parse({"--\x1b[2J"}),
              StatusIs(Code::kInvalidArgument, "unknown flag \"-- [2J\""));
}

TEST(CommandWithoutWordsTest, TakesNone) {
  Command command(PackDoc());

  EXPECT_THAT(command.Parse({"socks"}, FakeHost()),
              StatusIs(Code::kInvalidArgument, "unexpected word \"socks\""));
}

TEST(EnvironmentNameTest, IsTheFlagInUpperCase) {
  EXPECT_EQ(EnvironmentName("--image-list-file"), "PREPULL_IMAGE_LIST_FILE");
}

}  // namespace
}  // namespace prepull
