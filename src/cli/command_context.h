// What every command may touch, and the options that every command has.
#ifndef PREPULL_SRC_CLI_COMMAND_CONTEXT_H_
#define PREPULL_SRC_CLI_COMMAND_CONTEXT_H_

#include <stop_token>
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/run/run.h"
#include "src/cli/command.h"
#include "src/cli/console.h"
#include "src/cli/last_words.h"

namespace prepull {

// All of it outlives the command.
struct CommandContext {
  Host& host;
  FileSystem& files;
  Clock& clock;
  Console& console;
  LastWords& last_words;
  std::stop_token stop;
  Instant started;  // when the process began
};

// What a command leaves behind: the exit code, and the sentence for the last
// line on standard error if there is one.
struct CommandEnd {
  ExitCode code = ExitCode::kOk;
  std::string error = "";
  // How long a reader of the output that does not read is waited for.
  Instant output_until = Instant::Never();
  // What was done stays done whoever reads of it: no half result that is none.
  bool stands_without_output = false;
};

// --log-level and its kin.
struct TalkOptions {
  std::string log_level = "info";
  std::string log_format = "text";
  bool quiet = false;
  bool verbose = false;
};

void AddTalkFlags(Command& command, TalkOptions& options);

// Starts the log as the options and the stream want it. `to_people`: progress
// is drawn on a terminal, so info lines of the log would disturb it.
void StartTalk(const TalkOptions& options, const CommandContext& context,
               bool to_people);

// "NAME=text" in the environment, or "".
std::string FromEnvironment(const Host& host, const std::string& name);

// One command: its flags and what it does. Made anew for each process.
class CommandProgram {
 public:
  explicit CommandProgram(CommandDoc doc) : command_(std::move(doc)) {}
  virtual ~CommandProgram() = default;

  // Runs with the flags that command().Parse() has filled in.
  virtual CommandEnd Run(const CommandContext& context) = 0;

  // Told that the words were wrong, before the process ends with 2.
  virtual void OnBadFlags(const CommandContext&,
                          const std::vector<std::string>& /*words*/,
                          const absl::Status& /*why*/) {}

  Command& command() { return command_; }

 private:
  Command command_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_COMMAND_CONTEXT_H_
