// prepull completion: scripts for the shells, made from the commands and
// flags themselves.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "src/cli/commands.h"
#include "src/cli/help_topics.h"

namespace prepull {
namespace {

using Programs = std::vector<std::unique_ptr<CommandProgram>>;

std::vector<std::string> CommandNames(const Programs& programs) {
  std::vector<std::string> names;
  for (const auto& program : programs) {
    names.push_back(program->command().doc().name);
  }
  names.push_back("help");
  return names;
}

// What `help` takes.
std::vector<std::string> HelpWords(const Programs& programs) {
  std::vector<std::string> words = CommandNames(programs);
  words.pop_back();  // "help"
  for (const HelpTopic& topic : HelpTopics()) words.emplace_back(topic.name);
  return words;
}

std::vector<std::string> FlagNames(const Command& command) {
  std::vector<std::string> names;
  for (const FlagDoc& flag : command.flags()) names.push_back(flag.name);
  names.push_back("--help");
  return names;
}

// The fixed values of `flag`'s argument, or what makes the shell offer files.
std::string BashValues(const FlagDoc& flag) {
  if (!flag.choices.empty()) {
    return absl::StrCat("COMPREPLY=($(compgen -W '",
                        absl::StrJoin(flag.choices, " "), "' -- \"$cur\"))");
  }
  return flag.is_path ? "COMPREPLY=($(compgen -f -- \"$cur\"))"
                      : "COMPREPLY=()";
}

std::string BashCommand(const Command& command) {
  const CommandDoc& doc = command.doc();
  std::string out = absl::StrCat("    ", doc.name, ")\n");
  absl::StrAppend(&out, "      case \"$prev\" in\n");
  if (!doc.first_words.empty()) {
    absl::StrAppend(
        &out, "        ", doc.name, ") COMPREPLY=($(compgen -W '",
        absl::StrJoin(doc.first_words, " "),
        "' -- \"$cur\")); [ ${#COMPREPLY[@]} -gt 0 ] && return ;;\n");
  }
  for (const FlagDoc& flag : command.flags()) {
    if (flag.value.empty()) continue;
    absl::StrAppend(&out, "        ", flag.name,
                    flag.short_name.empty() ? "" : "|", flag.short_name, ") ",
                    BashValues(flag), "; return ;;\n");
  }
  absl::StrAppend(&out, "      esac\n      COMPREPLY=($(compgen -W '",
                  absl::StrJoin(FlagNames(command), " "),
                  "' -- \"$cur\"))\n      ;;\n");
  return out;
}

std::string Bash(const Programs& programs) {
  std::string out =
      "# bash completion for prepull; load it with\n"
      "#   source <(prepull completion bash)\n"
      "_prepull() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
  absl::StrAppend(&out, "    COMPREPLY=($(compgen -W '",
                  absl::StrJoin(CommandNames(programs), " "),
                  "' -- \"$cur\"))\n    return\n  fi\n"
                  "  case \"${COMP_WORDS[1]}\" in\n");
  for (const auto& program : programs) {
    absl::StrAppend(&out, BashCommand(program->command()));
  }
  absl::StrAppend(&out, "    help) COMPREPLY=($(compgen -W '",
                  absl::StrJoin(HelpWords(programs), " "),
                  "' -- \"$cur\")) ;;\n");
  return absl::StrCat(out,
                      "  esac\n}\ncomplete -o filenames -F _prepull prepull\n");
}

// `text` inside the single quotes of zsh's _arguments, where [ ] : are special.
std::string ZshText(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshFlag(const FlagDoc& flag) {
  std::string value;
  if (!flag.value.empty()) {
    value = absl::StrCat(":", flag.value, ":");
    if (!flag.choices.empty()) {
      absl::StrAppend(&value, "(", absl::StrJoin(flag.choices, " "), ")");
    } else if (flag.is_path) {
      absl::StrAppend(&value, "_files");
    }
  }
  const std::string star = flag.is_repeatable ? "*" : "";
  std::string out = absl::StrCat("        '", star, flag.name, "[",
                                 ZshText(flag.text), "]", value, "' \\\n");
  if (!flag.short_name.empty()) {
    absl::StrAppend(&out, "        '", star, flag.short_name, "[",
                    ZshText(flag.text), "]", value, "' \\\n");
  }
  return out;
}

std::string Zsh(const Programs& programs) {
  std::string out =
      "#compdef prepull\n"
      "# zsh completion for prepull; put it into a folder of $fpath as "
      "_prepull\n"
      "_prepull() {\n"
      "  local -a commands=(\n";
  for (const auto& program : programs) {
    const CommandDoc& doc = program->command().doc();
    absl::StrAppend(&out, "    '", doc.name, ":", ZshText(doc.summary), "'\n");
  }
  absl::StrAppend(&out,
                  "    'help:help on a command or a topic'\n  )\n"
                  "  if (( CURRENT == 2 )); then\n"
                  "    _describe command commands\n    return\n  fi\n"
                  "  local command=$words[2]\n"
                  "  shift words\n  (( CURRENT-- ))\n"
                  "  case $command in\n");
  for (const auto& program : programs) {
    const CommandDoc& doc = program->command().doc();
    absl::StrAppend(&out, "    ", doc.name, ")\n      _arguments \\\n");
    for (const FlagDoc& flag : program->command().flags()) {
      absl::StrAppend(&out, ZshFlag(flag));
    }
    absl::StrAppend(
        &out, "        '--help[help on this command]'",
        doc.first_words.empty()
            ? ""
            : absl::StrCat(" \\\n        '1:word:(",
                           absl::StrJoin(doc.first_words, " "), ")'"),
        "\n      ;;\n");
  }
  absl::StrAppend(&out, "    help)\n      _values topic ",
                  absl::StrJoin(HelpWords(programs), " "),
                  "\n      ;;\n  esac\n}\n", "compdef _prepull prepull\n");
  return out;
}

std::string FishText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}});
}

std::string FishFlag(const std::string& command, const FlagDoc& flag) {
  std::string out =
      absl::StrCat("complete -c prepull -n '__fish_seen_subcommand_from ",
                   command, "' -l ", flag.name.substr(2));
  if (!flag.short_name.empty()) {
    absl::StrAppend(&out, " -s ", flag.short_name.substr(1));
  }
  if (!flag.choices.empty()) {
    absl::StrAppend(&out, " -x -a '", absl::StrJoin(flag.choices, " "), "'");
  } else if (!flag.value.empty()) {
    absl::StrAppend(&out, flag.is_path ? " -r -F" : " -x");
  }
  return absl::StrCat(out, " -d '", FishText(flag.text), "'\n");
}

std::string Fish(const Programs& programs) {
  std::string out =
      "# fish completion for prepull; load it with\n"
      "#   prepull completion fish | source\n"
      "complete -c prepull -f\n";
  for (const auto& program : programs) {
    const CommandDoc& doc = program->command().doc();
    absl::StrAppend(&out, "complete -c prepull -n __fish_use_subcommand -a ",
                    doc.name, " -d '", FishText(doc.summary), "'\n");
    if (!doc.first_words.empty()) {
      absl::StrAppend(
          &out, "complete -c prepull -n '__fish_seen_subcommand_from ",
          doc.name, "' -a '", absl::StrJoin(doc.first_words, " "), "'\n");
    }
    for (const FlagDoc& flag : program->command().flags()) {
      absl::StrAppend(&out, FishFlag(doc.name, flag));
    }
  }
  absl::StrAppend(
      &out,
      "complete -c prepull -n __fish_use_subcommand -a help -d 'help on a "
      "command or a topic'\n"
      "complete -c prepull -n '__fish_seen_subcommand_from help' -a '",
      absl::StrJoin(HelpWords(programs), " "), "'\n");
  return out;
}

class CompletionCommand : public CommandProgram {
 public:
  CompletionCommand()
      : CommandProgram(
            {.name = "completion",
             .summary = "print a completion script for bash, zsh or fish",
             .about = "Prints a script that makes a shell complete prepull's "
                      "commands, flags and\nvalues.",
             .examples = {"source <(prepull completion bash)",
                          "prepull completion fish | source"},
             .exit_codes = {"0  printed", "2  bad flags or unknown shell"},
             .positional = "SHELL",
             .positional_text = "bash, zsh or fish",
             .first_words = {"bash", "zsh", "fish"}}) {
    command().Positionals(words_);
  }

  CommandEnd Run(const CommandContext& context) override {
    const std::string shell = words_.size() == 1 ? words_[0] : "";
    const Programs programs = AllCommands();
    if (shell == "bash") {
      context.console.PrintOut(Bash(programs));
    } else if (shell == "zsh") {
      context.console.PrintOut(Zsh(programs));
    } else if (shell == "fish") {
      context.console.PrintOut(Fish(programs));
    } else {
      return {ExitCode::kBadInput,
              "completion: expected one shell: bash, zsh or fish"};
    }
    return {};
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeCompletionCommand() {
  return std::make_unique<CompletionCommand>();
}

}  // namespace prepull
