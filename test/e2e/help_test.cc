// Help texts are golden files: test/golden/help. UPDATE_GOLDEN=1 writes them.
#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "test/support/cri/prepull_process.h"
#include "test/support/cri/temp_folder.h"

namespace prepull {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr char kGoldenFolder[] = "test/golden/help/";

MATCHER(FitsEightyColumns, "") { return arg.size() <= 80; }

// What the golden file holds; after it was written anew if that is wanted.
std::string Golden(const std::string& name, const std::string& now) {
  const std::string path = absl::StrCat(kGoldenFolder, name, ".txt");
  const char* update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    std::ofstream(path, std::ios::binary) << now;
  }
  return ReadAll(path);
}

// The words bash offers behind `words`, the last of which is begun.
std::vector<std::string> Completions(const std::string& words) {
  const Ended shell = RunProcess(
      {.arguments = {"-c",
                     absl::StrCat("source <(\"$PREPULL\" completion bash); "
                                  "COMP_WORDS=(",
                                  words,
                                  "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
                                  "_prepull; printf '%s\\n' "
                                  "\"${COMPREPLY[@]}\"")},
       .environment = {{"PREPULL", BinaryUnderTest()}},
       .program = "/bin/bash"});
  EXPECT_THAT(shell, ExitsWith(0));
  EXPECT_THAT(shell.err, IsEmpty());
  return absl::StrSplit(shell.out, '\n', absl::SkipEmpty());
}

TEST(HelpTest, OfEachCommandIsItsGoldenFile) {
  for (const char* command :
       {"fetch", "check", "resolve", "preflight", "status", "unpin", "sleep",
        "manifest", "completion", "version"}) {
    const Ended by_flag = RunPrepull({command, "--help"});
    const Ended by_command = RunPrepull({"help", command});

    EXPECT_THAT(by_flag, ExitsWith(0));
    EXPECT_EQ(by_flag.out, Golden(command, by_flag.out));
    EXPECT_EQ(by_command.out, by_flag.out);
    EXPECT_EQ(RunPrepull({command, "-h"}).out, by_flag.out);
    EXPECT_THAT(std::vector<std::string>(absl::StrSplit(by_flag.out, '\n')),
                Each(FitsEightyColumns()));
  }
}

TEST(HelpTest, InGeneralIsItsGoldenFile) {
  const Ended help = RunPrepull({"--help"});

  EXPECT_THAT(help, ExitsWith(0));
  EXPECT_EQ(help.out, Golden("general", help.out));
  EXPECT_EQ(RunPrepull({"help"}).out, help.out);
  EXPECT_THAT(std::vector<std::string>(absl::StrSplit(help.out, '\n')),
              Each(FitsEightyColumns()));
}

TEST(HelpTest, OnExitCodesIsItsGoldenFile) {
  const Ended help = RunPrepull({"help", "exit-codes"});

  EXPECT_THAT(help, ExitsWith(0));
  EXPECT_EQ(help.out, Golden("exit-codes", help.out));
  EXPECT_THAT(std::vector<std::string>(absl::StrSplit(help.out, '\n')),
              Each(FitsEightyColumns()));
}

TEST(HelpTest, IsPrintedToStandardErrorWhenNothingWasAsked) {
  const Ended nothing = RunPrepull({});

  EXPECT_THAT(nothing, ExitsWith(2));
  EXPECT_THAT(nothing.out, IsEmpty());
  EXPECT_EQ(nothing.err, RunPrepull({"--help"}).out);
}

TEST(HelpTest, OnAnUnknownCommandIsTwo) {
  EXPECT_THAT(RunPrepull({"help", "fetsh"}), ExitsWith(2));
}

TEST(CompletionTest, IsAScriptThatBashCanRead) {
  const Ended script = RunPrepull({"completion", "bash"});

  const Ended bash = RunProcess(
      {.arguments = {"-n"}, .input = script.out, .program = "/bin/bash"});

  EXPECT_THAT(script, ExitsWith(0));
  EXPECT_THAT(bash, ExitsWith(0));
  EXPECT_THAT(bash.err, IsEmpty());
}

TEST(CompletionTest, OffersCommandsFlagsAndValues) {
  EXPECT_THAT(Completions("prepull ''"),
              UnorderedElementsAre("fetch", "check", "resolve", "preflight",
                                   "status", "unpin", "sleep", "manifest",
                                   "completion", "version", "help"));
  EXPECT_THAT(Completions("prepull fe"), ElementsAre("fetch"));
  EXPECT_THAT(Completions("prepull fetch --max-p"),
              UnorderedElementsAre("--max-pull-attempt-timeout",
                                   "--max-pull-attempt-delay"));
  EXPECT_THAT(Completions("prepull fetch --output ''"),
              UnorderedElementsAre("table", "json", "name"));
  EXPECT_THAT(Completions("prepull fetch -o j"), ElementsAre("json"));
  EXPECT_THAT(Completions("prepull fetch --pull-policy A"),
              ElementsAre("Always"));
  EXPECT_THAT(Completions("prepull unpin --n"), ElementsAre("--not-in-list"));
  EXPECT_THAT(Completions("prepull completion z"), ElementsAre("zsh"));
  EXPECT_THAT(Completions("prepull manifest d"), ElementsAre("daemonset"));
  EXPECT_THAT(Completions("prepull manifest job --fl"),
              ElementsAre("--flavor"));
  EXPECT_THAT(Completions("prepull manifest job x --flavor o"),
              ElementsAre("openshift"));
  EXPECT_THAT(Completions("prepull help e"), ElementsAre("exit-codes"));
  EXPECT_THAT(Completions("prepull status --status-file /proc/versio"),
              ElementsAre("/proc/version"));
}

TEST(CompletionTest, IsThereForZshAndFishAndNoOther) {
  EXPECT_THAT(RunPrepull({"completion", "zsh"}).out,
              StartsWith("#compdef prepull\n"));
  EXPECT_THAT(RunPrepull({"completion", "fish"}).out,
              StartsWith("# fish completion"));
  EXPECT_THAT(RunPrepull({"completion", "tcsh"}), ExitsWith(2));
  EXPECT_THAT(RunPrepull({"completion"}).err,
              EndsWith("name one shell: bash, zsh or fish\n"));
}

}  // namespace
}  // namespace prepull
