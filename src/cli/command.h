// A command as people see it: its flags, its help, its place in completion.
//
// Flags are declared once and fill in the variables they are bound to; every
// flag can come from the environment as PREPULL_<FLAG>, where repeatable ones
// hold one value a line. The flag wins over the environment, the last flag
// given over the others. CLI11 splits the command line; it stays behind
// command.cc, because its header is a heavy one.
#ifndef PREPULL_SRC_CLI_COMMAND_H_
#define PREPULL_SRC_CLI_COMMAND_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/host.h"

namespace prepull {

// What help and completion say of one flag.
struct FlagDoc {
  std::string name;             // "--concurrency"
  std::string short_name = "";  // "-j"
  std::string value = "";       // "N"; empty for a switch
  std::string text;             // one sentence, no full stop
  std::string fallback = "";    // the default as help shows it
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

  // Each binds a flag to a variable, which holds the default.
  void Text(const FlagDoc& flag, std::string& value);
  void Texts(const FlagDoc& flag, std::vector<std::string>& values);
  void Duration(const FlagDoc& flag, absl::Duration& value);
  void Integer(const FlagDoc& flag, int low, int high, int& value);
  void Integer(const FlagDoc& flag, int low, int high,
               std::optional<int>& value);
  // `parse` turns the text into the value or says why not.
  void Custom(const FlagDoc& flag,
              std::function<absl::Status(const std::string&)> parse);
  void Choice(FlagDoc flag, const std::vector<std::string>& choices,
              std::string& value);
  void Switch(const FlagDoc& flag, bool& value);
  void Positionals(std::vector<std::string>& words);

  // Fills in the variables. Errors: INVALID_ARGUMENT  names the flag or the
  // variable that is wrong.
  absl::Status Parse(const std::vector<std::string>& words, const Host& host);

  // The same by the words alone, for a process with another environment.
  absl::Status ParseWords(const std::vector<std::string>& words);

  // The text that `flag` is given by words that Parse refused, as far as can
  // be told: the last one, else its variable's; "" if neither names it.
  std::string Glimpse(const std::string& flag,
                      const std::vector<std::string>& words,
                      const Host& host) const;

  // The flags that the words, not variables, have given.
  std::vector<FlagDoc> GivenFlags() const;

  // --help, and --all beside it.
  bool wants_help() const { return wants_help_; }
  bool wants_all_flags() const { return wants_all_flags_; }

  // `all_flags`: those besides the main ones, too.
  std::string Help(bool all_flags) const;

  const CommandDoc& doc() const { return doc_; }
  const std::vector<FlagDoc>& flags() const { return flags_; }

 private:
  class Splitter;

  void Declare(FlagDoc flag,
               std::function<absl::Status(const std::string&)> take);
  absl::Status TakeVariable(size_t i, const Host& host);

  const CommandDoc doc_;
  std::string group_ = "Options";
  std::vector<FlagDoc> flags_;
  std::unique_ptr<Splitter> splitter_;
  bool wants_help_ = false;
  bool wants_all_flags_ = false;
};

// What a switch is set to: "true" or "1", "false" or "0".
absl::StatusOr<bool> ParseSwitch(const std::string& text);

// "--image-list-file" -> "PREPULL_IMAGE_LIST_FILE".
std::string EnvironmentName(absl::string_view flag);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_COMMAND_H_
