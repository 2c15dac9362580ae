#include "src/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "src/cli/commands.h"
#include "test/support/fake_host.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Le;
using ::testing::Not;
using ::testing::ResultOf;
using ::testing::UnorderedElementsAre;

CommandDoc PackDoc() {
  return {.name = "pack",
          .summary = "pack a bag",
          .about = "Packs a bag.",
          .examples = {"prepull pack --size 4 socks"},
          .exit_codes = {"0  packed"},
          .positional = "[THING...]",
          .positional_text = "what goes in"};
}

// A command with one flag of each kind.
class CommandTest : public ::testing::Test {
 protected:
  CommandTest() {
    command_.Group("What");
    command_.Texts({.name = "--list-file", .value = "PATH", .text = "a list"},
                   lists_);
    command_.Text({.name = "--label", .value = "TEXT", .text = "a label"},
                  label_);
    command_.Positionals(things_);
    command_.Group("How");
    command_.Integer({.name = "--size",
                      .short_name = "-s",
                      .value = "N",
                      .text = "how large",
                      .fallback = "1"},
                     1, 64, size_);
    command_.Duration(
        {.name = "--max-wait", .value = "D", .text = "how long to wait for it"},
        wait_);
    command_.Choice({.name = "--colour", .value = "C", .text = "of the bag"},
                    {"red", "green"}, colour_);
    command_.Switch(
        {.name = "--dry-run", .short_name = "-n", .text = "pack nothing"},
        dry_run_);
    command_.Switch({.name = "--quiet", .short_name = "-q", .text = "hush"},
                    quiet_);
  }

  absl::Status Parse(const std::vector<std::string>& words) {
    return command_.Parse(words, host_);
  }

  FakeHost host_;
  std::vector<std::string> lists_;
  std::vector<std::string> things_;
  std::string label_ = "none";
  std::string colour_ = "red";
  absl::Duration wait_ = absl::Seconds(9);
  int size_ = 1;
  bool dry_run_ = false;
  bool quiet_ = false;
  Command command_{PackDoc()};
};

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

TEST_F(CommandTest, HelpGathersTheFlagsOfAGroup) {
  command_.Group("What");
  command_.Switch({.name = "--late", .text = "declared last"}, quiet_);

  const std::string help = command_.Help(/*all_flags=*/true);

  EXPECT_LT(help.find("--late"), help.find("How:"));
  EXPECT_EQ(help.find("What:"), help.rfind("What:"));
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
       "--max-wait: invalid duration \"30\": missing unit, expected e.g. 30s "
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

TEST_F(CommandTest, HelpWinsOverWhateverElseIsWrong) {
  EXPECT_THAT(Parse({"--bogus", "--help"}), IsOk());
  EXPECT_TRUE(command_.wants_help());
}

TEST_F(CommandTest, HelpBehindTwoDashesIsAWord) {
  EXPECT_THAT(Parse({"--", "-h"}), IsOk());
  EXPECT_FALSE(command_.wants_help());
}

TEST(CommandWithoutWordsTest, TakesNone) {
  Command command(PackDoc());

  EXPECT_THAT(command.Parse({"socks"}, FakeHost()),
              StatusIs(Code::kInvalidArgument, "unexpected word \"socks\""));
}

TEST_F(CommandTest, ExplainsItself) {
  EXPECT_EQ(command_.Help(/*all_flags=*/true),
            R"(Packs a bag.

Usage: prepull pack [FLAGS] [THING...]

Examples:
  prepull pack --size 4 socks

  [THING...]                  what goes in

What:
      --list-file PATH        a list
                              [repeatable; PREPULL_LIST_FILE]
      --label TEXT            a label
                              [PREPULL_LABEL]

How:
  -s, --size N                how large
                              [default 1; PREPULL_SIZE]
      --max-wait D            how long to wait for it
                              [PREPULL_MAX_WAIT]
      --colour C              of the bag
                              [PREPULL_COLOUR]
  -n, --dry-run               pack nothing
                              [PREPULL_DRY_RUN]
  -q, --quiet                 hush
                              [PREPULL_QUIET]

Exit codes:
  0  packed
)");
}

TEST(CommandHelpTest, ShowsTheMainFlagsAndHowToSeeTheRest) {
  CommandDoc doc = PackDoc();
  doc.main_flags = {"--size"};
  doc.more_help = "Bags: 'prepull help bags'.\n";
  Command command(doc);
  int size = 1;
  std::string label;
  command.Group("What");
  command.Text({.name = "--label", .value = "TEXT", .text = "a label"}, label);
  command.Group("How");
  command.Integer({.name = "--size", .value = "N", .text = "how large"}, 1, 64,
                  size);

  EXPECT_THAT(command.Help(/*all_flags=*/false),
              AllOf(HasSubstr("--size N"), Not(HasSubstr("--label TEXT")),
                    Not(HasSubstr("What:")),
                    HasSubstr("\nAll 2 flags: 'prepull pack --help --all'.\n"
                              "Bags: 'prepull help bags'.\n")));
  EXPECT_THAT(command.Help(/*all_flags=*/true),
              AllOf(HasSubstr("--size N"), HasSubstr("--label TEXT"),
                    Not(HasSubstr("--all"))));
}

TEST_F(CommandTest, AsksForTheHelpOnAllFlags) {
  ASSERT_THAT(Parse({"--help", "--all"}), IsOk());

  EXPECT_TRUE(command_.wants_help());
  EXPECT_TRUE(command_.wants_all_flags());
}

TEST_F(CommandTest, TakesTheWordForAllFlagsWithHelpOnly) {
  EXPECT_THAT(Parse({"--all"}),
              StatusIs(Code::kInvalidArgument, "unknown flag \"--all\""));
}

TEST(CommandHelpTest, NamesNoMainFlagThatTheCommandLacks) {
  for (const auto& program : AllCommands()) {
    std::vector<std::string> names;
    for (const FlagDoc& flag : program->command().flags()) {
      names.push_back(flag.name);
    }
    EXPECT_THAT(names, IsSupersetOf(program->command().doc().main_flags));
  }
}

TEST(CommandHelpTest, OfEveryCommandFitsEightyColumns) {
  for (const auto& program : AllCommands()) {
    SCOPED_TRACE(program->command().doc().name);
    const std::vector<std::string> lines =
        absl::StrSplit(program->command().Help(true), '\n');
    EXPECT_THAT(lines, Each(ResultOf(
                           [](const std::string& line) { return line.size(); },
                           Le(80))));
    EXPECT_THAT(lines, Each(Not(HasSubstr("\x1b"))));
  }
}

TEST(EnvironmentNameTest, IsTheFlagInUpperCase) {
  EXPECT_EQ(EnvironmentName("--image-list-file"), "PREPULL_IMAGE_LIST_FILE");
}

}  // namespace
}  // namespace prepull
