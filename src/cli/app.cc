#include "src/cli/app.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/drop_in.h"
#include "src/cli/help_topics.h"
#include "src/cli/nearest.h"

namespace prepull {
namespace {

// A process ends within 5 s of a signal, of which the final status may take 2
// and the node label 2 more.
constexpr absl::Duration kReaderTimeout = absl::Milliseconds(500);
constexpr absl::Duration kLastLineTimeout = absl::Milliseconds(200);

using Programs = std::vector<std::unique_ptr<CommandProgram>>;

std::string GeneralHelp(const Programs& programs) {
  std::string help =
      "prepull puts container images on this node before anything needs "
      "them.\n\nCommands:\n";
  for (const auto& program : programs) {
    const CommandDoc& doc = program->command().doc();
    absl::StrAppendFormat(&help, "  %-19s%s\n", doc.name, doc.summary);
  }
  absl::StrAppend(&help,
                  "  help               help on a command or a topic\n\n"
                  "Topics of 'prepull help':\n");
  for (const HelpTopic& topic : HelpTopics()) {
    absl::StrAppendFormat(&help, "  %-19s%s\n", topic.name, topic.summary);
  }
  absl::StrAppend(&help,
                  "\nExample:\n  prepull fetch --image-list-file images.txt\n\n"
                  "'prepull COMMAND --help' says more.\n");
  return help;
}

CommandProgram* Find(const Programs& programs, const std::string& name) {
  for (const auto& program : programs) {
    const CommandDoc& doc = program->command().doc();
    const bool has_alias = !doc.alias.empty() && doc.alias == name;
    if (doc.name == name || has_alias) return program.get();
  }
  return nullptr;
}

// `kind`: what `names` are, for the sentence.
CommandEnd Unknown(absl::string_view kind,
                   const std::vector<std::string>& names,
                   const std::string& word) {
  const std::string nearest = Nearest(word, names);
  std::string error =
      absl::StrCat("unknown ", kind, " \"", Printable(word, 64), "\"\nhint: ");
  if (!nearest.empty()) {
    absl::StrAppend(&error, "did you mean \"", nearest, "\"?  ");
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
  context.announces_stop = !program.command().doc().waits_for_stop;
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
  CommandProgram* program = Find(programs, first);
  if (program == nullptr) return Unknown("command", Names(programs), first);
  return RunCommand(*program, {words.begin() + 1, words.end()}, context);
}

// Waits for a slow reader until `until`, and then a moment more.
void FlushOutput(Instant until, const CommandContext& context) {
  if (context.console.Flush(until, context.stop)) return;
  context.console.Flush(context.clock.Now() + kReaderTimeout, {});
}

// Prints the last line and returns the exit code.
ExitCode Finish(const CommandEnd& end, const CommandContext& context) {
  FlushOutput(end.output_until, context);
  if (!end.error.empty()) {
    context.console.PrintErr(absl::StrCat("prepull: ", end.error));
  }
  context.console.Flush(context.clock.Now() + kLastLineTimeout, {});
  // An incomplete result is an error.
  const bool is_lost =
      !end.stands_without_output && context.console.HasLostOutput();
  return is_lost && end.code == ExitCode::kOk ? ExitCode::kBadInput : end.code;
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
  programs.push_back(MakeAggregateMetricsCommand());
  programs.push_back(MakeSleepCommand());
  programs.push_back(MakeManifestCommand());
  programs.push_back(MakeControllerCommand());
  programs.push_back(MakeConvertCommand());
  programs.push_back(MakeCompletionCommand());
  programs.push_back(MakeVersionCommand());
  return programs;
}

ExitCode RunApp(const std::vector<std::string>& words,
                const CommandContext& context) {
  return Finish(Dispatch(words, context), context);
}

ExitCode RunShell(const std::vector<std::string>& words,
                  const CommandContext& context) {
  absl::StatusOr<ShellCall> call =
      ReadShellCall(words, context.host, context.files);
  if (!call.ok()) {
    return Finish({ExitCode::kBadInput, std::string(call.status().message())},
                  context);
  }
  CommandContext noted = context;
  noted.notices = std::move(call->notices);
  return Finish(Dispatch(call->words, noted), noted);
}

}  // namespace prepull
