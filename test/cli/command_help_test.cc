// What help says of a command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "src/cli/command.h"
#include "src/cli/commands.h"
#include "test/cli/command_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Le;
using ::testing::Not;
using ::testing::ResultOf;

TEST_F(CommandTest, HelpGathersTheFlagsOfAGroup) {
  command_.Group("What");
  command_.Switch({.name = "--late", .text = "declared last"}, quiet_);

  const std::string help = command_.Help(/*all_flags=*/true);

  EXPECT_LT(help.find("--late"), help.find("How:"));
  EXPECT_EQ(help.find("What:"), help.rfind("What:"));
}

TEST_F(CommandTest, HelpWinsOverWhateverElseIsWrong) {
  EXPECT_THAT(Parse({"--bogus", "--help"}), IsOk());
  EXPECT_TRUE(command_.wants_help());
}

TEST_F(CommandTest, HelpBehindTwoDashesIsAWord) {
  EXPECT_THAT(Parse({"--", "-h"}), IsOk());
  EXPECT_FALSE(command_.wants_help());
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

}  // namespace
}  // namespace prepull
