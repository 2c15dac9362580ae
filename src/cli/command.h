// The command line of one command: its flags, its help, its part of the
// completion.
//
// Flags are declared once and bound to variables. CLI11 splits the words,
// collects them, checks ranges and choices, converts and assigns; it is
// included in command.cc only, because its header takes seconds to compile.
// What is not left to CLI11 2.1 (Debian 12), and why:
// - Errors are a Status with the form "--flag: what is wrong: what was
//   expected", and the process ends with 2; CLI11 exits with 105 and others.
// - Variables PREPULL_<FLAG> are read here. CLI11 calls getenv itself, past
//   Host, names the flag and not the variable in errors, and cannot read one
//   value per line; an empty variable counts as not set, and a flag wins.
// - Numbers are decimal: CLI11 reads 010 as 8 and "true" as 1.
// - "--flag=" is an error: CLI11 would use the next word as its value.
// - "--help" wins over errors in other words; CLI11 reports those first.
// - The nearest match of an unknown flag: CLI11 has none.
// - The help text (command_help.cc): CLI11 does not wrap at 80 columns and has
//   neither examples nor exit codes.
#ifndef PREPULL_SRC_CLI_COMMAND_H_
#define PREPULL_SRC_CLI_COMMAND_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/host.h"

namespace prepull {

// The description of one flag for help and completion.
struct FlagDoc {
  std::string name;             // "--concurrency"
  std::string short_name = "";  // "-j"
  std::string value = "";       // "N"; empty for a switch
  std::string text;             // a clause without a full stop
  std::string fallback = "";    // the default, as shown in help
  std::string group = "";       // "What", "How", "Output"
  std::vector<std::string> choices = {};
  bool is_path = false;
  bool is_repeatable = false;
};

struct CommandDoc {
  std::string name;
  std::string summary;                // in the list of commands
  std::string about;                  // two lines: what it does and prints
  std::vector<std::string> examples;  // "prepull fetch ...", each one line
  std::vector<std::string> exit_codes;
  std::string positional = "";                // "[IMAGE...]"
  std::string positional_text = "";           // what help says of it
  std::vector<std::string> first_words = {};  // fixed, for completion
  std::string alias = "";  // another word for it, such as "--version"
  // It does nothing but wait for a signal, which is not announced then.
  bool waits_for_stop = false;
  // The flags that most people need, which are all that help shows unless
  // --all is given; empty = it shows every flag.
  std::vector<std::string> main_flags = {};
  std::string more_help = "";  // topics for the flags that it leaves out
};

class Command {
 public:
  explicit Command(CommandDoc doc);
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // Flags declared from here on belong to this group of the help.
  void Group(const std::string& name) { group_ = name; }

  // Each binds a flag to a variable, which has the default and must outlive
  // the command.
  void Text(const FlagDoc& flag, std::string& value);
  void Texts(FlagDoc flag, std::vector<std::string>& values);
  void Duration(const FlagDoc& flag, absl::Duration& value);
  void Integer(const FlagDoc& flag, int low, int high, int& value);
  void Integer(const FlagDoc& flag, int low, int high,
               std::optional<int>& value);
  // `parse` stores the value of a text or returns why it is invalid.
  void Custom(const FlagDoc& flag,
              std::function<absl::Status(const std::string&)> parse);
  void Choice(FlagDoc flag, const std::vector<std::string>& choices,
              std::string& value);
  // `choose` is called with the number of the choice.
  void Choice(FlagDoc flag, const std::vector<std::string>& choices,
              std::function<void(size_t)> choose);
  void Switch(const FlagDoc& flag, bool& value);
  void Positionals(std::vector<std::string>& words);

  // Assigns the variables. Errors: INVALID_ARGUMENT  names the flag, or the
  // environment variable, that is wrong.
  absl::Status Parse(const std::vector<std::string>& words, const Host& host);

  // The same without environment variables.
  absl::Status ParseWords(const std::vector<std::string>& words);

  // Returns the value of `flag` in words that Parse refused, as far as it can
  // be recognised: the last one, else its environment variable's, else "".
  std::string Peek(const std::string& flag,
                   const std::vector<std::string>& words,
                   const Host& host) const;

  // Returns the flags that words or environment variables have set.
  std::vector<FlagDoc> GivenFlags() const;

  // --help, and --all beside it.
  bool wants_help() const { return wants_help_; }
  bool wants_all_flags() const { return wants_all_flags_; }

  // `all_flags`: those besides the main ones, too.
  std::string Help(bool all_flags) const;

  const CommandDoc& doc() const { return doc_; }
  const std::vector<FlagDoc>& flags() const { return flags_; }

 private:
  class Parser;

  // Adds `flag`, which the parser has as its last one.
  void Declare(FlagDoc flag);

  const CommandDoc doc_;
  std::string group_ = "Options";
  std::vector<FlagDoc> flags_;
  std::unique_ptr<Parser> parser_;
  bool wants_help_ = false;
  bool wants_all_flags_ = false;
};

// Whether `text` turns a switch on: "true" or "1" in any case.
bool IsTrue(const std::string& text);

// "--image-list-file" -> "PREPULL_IMAGE_LIST_FILE".
std::string EnvironmentName(absl::string_view flag);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_COMMAND_H_
