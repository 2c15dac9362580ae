#include "src/cli/app.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/help_topics.h"

namespace prepull {
namespace {

// A process that was told to stop is gone within 5 s, the final status may have
// taken 2 of them and the node's label 2 more.
constexpr absl::Duration kReaderPatience = absl::Milliseconds(500);
constexpr absl::Duration kLastLinePatience = absl::Milliseconds(200);

using Programs = std::vector<std::unique_ptr<CommandProgram>>;

std::string GeneralHelp(const Programs& programs) {
  std::string help =
      "prepull puts container images on this node before anything needs "
      "them.\n\nCommands:\n";
  for (const auto& program : programs) {
    const CommandDoc& doc = program->command().doc();
    absl::StrAppendFormat(&help, "  %-12s%s\n", doc.name, doc.summary);
  }
  absl::StrAppend(&help,
                  "  help        help on a command or a topic\n\n"
                  "Topics of 'prepull help':\n");
  for (const HelpTopic& topic : HelpTopics()) {
    absl::StrAppendFormat(&help, "  %-17s%s\n", topic.name, topic.summary);
  }
  absl::StrAppend(&help,
                  "\nExample:\n  prepull fetch --image-list-file images.txt\n\n"
                  "'prepull COMMAND --help' says more.\n");
  return help;
}

CommandProgram* Find(const Programs& programs, const std::string& name) {
  for (const auto& program : programs) {
    if (program->command().doc().name == name) return program.get();
  }
  return nullptr;
}

// `kind`: what `names` are, for the sentence.
CommandEnd Unknown(absl::string_view kind,
                   const std::vector<std::string>& names,
                   const std::string& word) {
  std::string closest;
  int best = 3;
  for (const std::string& name : names) {
    const int distance = EditDistance(word, name);
    if (distance < best) {
      best = distance;
      closest = name;
    }
  }
  std::string error =
      absl::StrCat("unknown ", kind, " \"", Printable(word, 64), "\"\nhint: ");
  if (!closest.empty()) {
    absl::StrAppend(&error, "did you mean \"", closest, "\"?  ");
  }
  absl::StrAppend(&error, "'prepull --help' lists all");
  return {ExitCode::kBadInput, error};
}

std::vector<std::string> Names(const Programs& programs) {
  std::vector<std::string> names;
  for (const auto& program : programs) {
    names.push_back(program->command().doc().name);
  }
  return names;
}

CommandEnd Help(const Programs& programs, const std::vector<std::string>& words,
                const CommandContext& context) {
  if (words.size() < 2) {
    context.console.PrintOut(GeneralHelp(programs));
    return {};
  }
  if (const HelpTopic* topic = FindTopic(words[1])) {
    context.console.PrintOut(topic->text());
    return {};
  }
  CommandProgram* program = Find(programs, words[1]);
  if (program == nullptr) {
    std::vector<std::string> names = Names(programs);
    for (const HelpTopic& topic : HelpTopics()) names.emplace_back(topic.name);
    return Unknown("command or topic", names, words[1]);
  }
  const bool shows_all =
      std::find(words.begin(), words.end(), "--all") != words.end();
  context.console.PrintOut(program->command().Help(shows_all));
  return {};
}

CommandEnd RunCommand(CommandProgram& program,
                      const std::vector<std::string>& words,
                      const CommandContext& context) {
  const absl::Status parsed = program.command().Parse(words, context.host);
  if (!parsed.ok()) {
    program.OnBadFlags(context, words, parsed);
    return {ExitCode::kBadInput, std::string(parsed.message())};
  }
  if (program.command().wants_help()) {
    context.console.PrintOut(
        program.command().Help(program.command().wants_all_flags()));
    return {};
  }
  return program.Run(context);
}

CommandEnd Dispatch(const std::vector<std::string>& words,
                    const CommandContext& context) {
  const Programs programs = AllCommands();
  if (words.empty()) {
    context.console.PrintErr(absl::StripSuffix(GeneralHelp(programs), "\n"));
    return {ExitCode::kBadInput};
  }
  const std::string& first = words[0];
  if (first == "help" || first == "--help" || first == "-h") {
    return Help(programs, words, context);
  }
  const std::string name = first == "--version" ? "version" : first;
  CommandProgram* program = Find(programs, name);
  if (program == nullptr) return Unknown("command", Names(programs), first);
  return RunCommand(*program, {words.begin() + 1, words.end()}, context);
}

// Waits for a reader that takes its time, and a moment more once the time is
// up: it may just have been slow.
void FlushOutput(Instant until, const CommandContext& context) {
  if (context.console.Flush(until, context.stop)) return;
  context.console.Flush(context.clock.Now() + kReaderPatience, {});
}

}  // namespace

std::vector<std::unique_ptr<CommandProgram>> AllCommands() {
  Programs programs;
  programs.push_back(MakeFetchCommand());
  programs.push_back(MakeCheckCommand());
  programs.push_back(MakeResolveCommand());
  programs.push_back(MakePreflightCommand());
  programs.push_back(MakeStatusCommand());
  programs.push_back(MakeUnpinCommand());
  programs.push_back(MakeSleepCommand());
  programs.push_back(MakeManifestCommand());
  programs.push_back(MakeCompletionCommand());
  programs.push_back(MakeVersionCommand());
  return programs;
}

ExitCode RunApp(const std::vector<std::string>& words,
                const CommandContext& context) {
  const CommandEnd end = Dispatch(words, context);
  FlushOutput(end.output_until, context);
  if (!end.error.empty()) {
    context.console.PrintErr(absl::StrCat("prepull: ", end.error));
  }
  context.console.Flush(context.clock.Now() + kLastLinePatience, {});
  // Half a result is none.
  const bool is_lost =
      !end.stands_without_output && context.console.HasLostOutput();
  return is_lost && end.code == ExitCode::kOk ? ExitCode::kBadInput : end.code;
}

}  // namespace prepull
