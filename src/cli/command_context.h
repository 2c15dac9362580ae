// What a command is: what it may use, how it ends, and the logging flags.
#ifndef PREPULL_SRC_CLI_COMMAND_CONTEXT_H_
#define PREPULL_SRC_CLI_COMMAND_CONTEXT_H_

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/base/log.h"
#include "prepull/base/mutex.h"
#include "prepull/run/run.h"
#include "src/cli/command.h"
#include "src/cli/console.h"

namespace prepull {

// Runs a callback when the process ends before the command does: at a second
// signal, or at an internal error.
//
// Threads: safe to share.
class ExitHook {
 public:
  // Called with the exit code and the reason, on the thread that ends the
  // process. It may block for some tenths of a second, but not on a stream.
  using Callback = std::function<void(ExitCode code, const std::string& why)>;

  // Replaces the callback; null: none. Blocks while one is running.
  void Set(Callback callback) {
    MutexLock lock(mutex_);
    callback_ = std::move(callback);
  }

  void Run(ExitCode code, const std::string& why) {
    MutexLock lock(mutex_);
    if (callback_) callback_(code, why);
  }

 private:
  Mutex mutex_;
  Callback callback_ ABSL_GUARDED_BY(mutex_);
};

// A line for the log that was known before there was one.
struct Notice {
  LogLevel level = LogLevel::kInfo;
  std::string text;
};

// All of it outlives the command.
struct CommandContext {
  Host& host;
  FileSystem& files;
  Clock& clock;
  Console& console;
  ExitHook& exit_hook;
  // Whether the first signal is announced on standard error.
  std::atomic<bool>& announces_stop;
  std::stop_token stop;
  Instant started;  // when the process began
  std::vector<Notice> notices = {};
};

// How a command ended: the exit code, and the last line on standard error,
// unless it is empty.
struct CommandEnd {
  ExitCode code = ExitCode::kOk;
  std::string error = "";
  // How long to wait for a reader of the output that does not read.
  Instant output_until = Instant::Never();
  // Whether output that was lost leaves the exit code as it is: the command
  // has done its work, and the output only reports it.
  bool stands_without_output = false;
};

// The end of a command that failed with `why`: `code`, but kStopped if it was
// cancelled.
CommandEnd Failed(ExitCode code, const absl::Status& why);

struct LoggingOptions {
  std::string log_level = "info";
  std::string log_format = "text";
  bool quiet = false;
  bool verbose = false;
};

void AddLoggingFlags(Command& command, LoggingOptions& options);

// Starts the log as the options and the stream require, with the notices of the
// context. `hides_info`: progress or a short result is printed on a terminal,
// so info lines are left out.
void StartLogging(const LoggingOptions& options, const CommandContext& context,
                  bool hides_info);

// Returns the variable `name`, or "" if it is not set.
std::string FromEnvironment(const Host& host, const std::string& name);

// One command: its flags and what it does.
class CommandProgram {
 public:
  explicit CommandProgram(CommandDoc doc) : command_(std::move(doc)) {}
  virtual ~CommandProgram() = default;

  // Runs with the flags that command().Parse() has read; called once.
  virtual CommandEnd Run(const CommandContext& context) = 0;

  // Called if `words` could not be parsed, before the process ends with 2.
  virtual void OnBadFlags(const CommandContext&,
                          const std::vector<std::string>& /*words*/,
                          const absl::Status& /*why*/) {}

  Command& command() { return command_; }

 private:
  Command command_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_COMMAND_CONTEXT_H_
