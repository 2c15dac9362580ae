// Help texts are golden files: test/golden/help. UPDATE_GOLDEN=1 writes them.
#include <algorithm>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "test/support/cri/prepull_process.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Le;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr char kGoldenFolder[] = "test/golden/help/";

MATCHER(FitsEightyColumns, "") { return arg.size() <= 80; }

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  lines.pop_back();  // behind the last line's end
  return lines;
}

// As general help lists them.
std::vector<std::string> Topics() {
  std::vector<std::string> topics;
  bool is_topic = false;
  for (const std::string& line : Lines(RunPrepull({"help"}).out)) {
    if (is_topic && line.empty()) break;
    if (is_topic) topics.push_back(line.substr(2, line.find(' ', 2) - 2));
    if (absl::StartsWith(line, "Topics")) is_topic = true;
  }
  return topics;
}

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
       {"fetch", "check", "resolve", "preflight", "status", "unpin",
        "aggregate-metrics", "sleep", "manifest", "controller", "convert",
        "completion", "version"}) {
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

TEST(HelpTest, OnAllFlagsIsItsGoldenFile) {
  for (const char* command : {"fetch", "check"}) {
    const Ended all = RunPrepull({command, "--help", "--all"});

    EXPECT_THAT(all, ExitsWith(0));
    EXPECT_EQ(all.out, Golden(absl::StrCat(command, "-all"), all.out));
    EXPECT_EQ(RunPrepull({command, "--all", "-h"}).out, all.out);
    EXPECT_EQ(RunPrepull({"help", command, "--all"}).out, all.out);
    EXPECT_THAT(Lines(all.out), Each(FitsEightyColumns()));
    EXPECT_THAT(
        RunPrepull({command, "--help"}).out,
        HasSubstr(absl::StrCat("'prepull ", command, " --help --all'")));
  }
}

TEST(HelpTest, OnAllFlagsIsTheUsualOneWhereThatHasThem) {
  EXPECT_EQ(RunPrepull({"status", "--help", "--all"}).out,
            RunPrepull({"status", "--help"}).out);
}

// Those that most people need.
TEST(HelpTest, OnFetchShowsFifteenFlags) {
  int flags = 0;
  for (const std::string& line : Lines(RunPrepull({"fetch", "--help"}).out)) {
    const absl::string_view head = absl::string_view(line).substr(0, 8);
    if (absl::EndsWith(head, "--") && absl::StartsWith(head, "  ")) ++flags;
  }
  EXPECT_EQ(flags, 15);
}

TEST(HelpTest, OnATopicIsItsGoldenFileAndFitsTwoScreens) {
  const std::vector<std::string> topics = Topics();

  EXPECT_THAT(topics, IsSupersetOf({"exit-codes", "reasons", "status-file",
                                    "list", "sources", "mirrors", "select",
                                    "credentials", "troubleshooting"}));
  for (const std::string& topic : topics) {
    SCOPED_TRACE(topic);
    const Ended help = RunPrepull({"help", topic});

    EXPECT_THAT(help, ExitsWith(0));
    EXPECT_EQ(help.out, Golden(topic, help.out));
    EXPECT_THAT(Lines(help.out), SizeIs(Le(48)));
    EXPECT_THAT(Lines(help.out), Each(FitsEightyColumns()));
  }
}

TEST(HelpTest, OnlyHelpTakesTheFlagThatShowsAllFlags) {
  const Ended fetch = RunPrepull({"fetch", "--all", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_THAT(fetch.err, HasSubstr("unknown flag \"--all\""));
}

TEST(HelpTest, IsPrintedToStandardErrorWhenNothingWasAsked) {
  const Ended nothing = RunPrepull({});

  EXPECT_THAT(nothing, ExitsWith(2));
  EXPECT_THAT(nothing.out, IsEmpty());
  EXPECT_EQ(nothing.err, RunPrepull({"--help"}).out);
}

TEST(HelpTest, OnAnUnknownCommandOrTopicIsTwo) {
  EXPECT_THAT(RunPrepull({"help", "fetsh"}), ExitsWith(2));
  EXPECT_THAT(RunPrepull({"help", "reason"}).err,
              AllOf(HasSubstr("unknown command or topic \"reason\""),
                    HasSubstr("did you mean \"reasons\"?")));
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
                                   "status", "unpin", "aggregate-metrics",
                                   "sleep", "manifest", "controller", "convert",
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
  EXPECT_THAT(Completions("prepull help s"),
              UnorderedElementsAre("status", "sleep", "status-file", "sources",
                                   "select", "stalls"));
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
              EndsWith("expected one shell: bash, zsh or fish\n"));
}

}  // namespace
}  // namespace prepull
