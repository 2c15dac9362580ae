// What surrounds the process: environment, standard streams, the machine's
// name, child processes. A seam, so that commands run in tests without one.
//
// Threads: safe to share.
#ifndef PREPULL_BASE_HOST_H_
#define PREPULL_BASE_HOST_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/clock.h"

namespace prepull {

enum class Stream { kOut, kErr };

struct WindowSize {
  int columns = 80;
  int rows = 24;
};

// A program to run, without a shell.
struct ChildCommand {
  std::string program = "";  // a path; PATH is not searched
  std::vector<std::string> arguments = {};
  // Beside this process's own variables, of which those of prepull (PREPULL_…)
  // are kept back; the same name here wins.
  std::map<std::string, std::string> environment = {};
  // Its standard input; at most 4096 bytes.
  std::string input = "";
  // More on its standard output ends it.
  int64_t output_limit_bytes = 1 << 20;
  // Gets what it writes to standard error line by line, while it runs, on the
  // thread of the caller: at most 100 lines of 1024 bytes, the rest is lost.
  std::function<void(absl::string_view line)> on_error_line = nullptr;
};

struct ChildOutput {
  std::string output = "";  // its standard output
  // 128 + N if signal N ended it, as shells have it.
  int exit_code = 0;
};

class Host {
 public:
  virtual ~Host() = default;

  virtual std::optional<std::string> Environment(
      const std::string& name) const = 0;
  virtual std::string HostName() const = 0;

  virtual bool IsTerminal(Stream stream) const = 0;
  // Of the terminal on standard error.
  virtual WindowSize Window() const = 0;

  // Hands `text` over and never waits for its reader. Talk (kErr) is lost if 16
  // MiB of it wait to be read, results (kOut) are kept. Errors: those of
  // earlier results, as errno says (UNAVAILABLE  the reader went away); what
  // comes behind them is lost.
  virtual absl::Status Write(Stream stream, absl::string_view text) = 0;

  // Whether something of what was written still waits to be taken.
  virtual bool IsBehind(Stream stream) const = 0;

  // Waits until both streams have taken everything, at most until `until` or a
  // requested stop. Errors: as Write; DEADLINE_EXCEEDED  a rest is left.
  virtual absl::Status Flush(Instant until, const std::stop_token& stop) = 0;

  // Standard input to its end. Errors: INVALID_ARGUMENT  more than
  // `limit_bytes`; CANCELLED  `stop` was requested; DEADLINE_EXCEEDED  not at
  // its end by `until`.
  virtual absl::StatusOr<std::string> ReadInput(
      int64_t limit_bytes, Instant until, const std::stop_token& stop) = 0;

  // Runs a child process to its end, whatever its exit code is. When this
  // returns it is gone, and what it left in its process group is killed; only
  // one that the kernel keeps is left behind, killed, after a second.
  // Errors: as errno says if it cannot be started; INVALID_ARGUMENT  more
  // output than allowed, or too much input; CANCELLED  `stop` was requested;
  // DEADLINE_EXCEEDED  not at its end by `until`. None shows any output.
  virtual absl::StatusOr<ChildOutput> RunChild(const ChildCommand& command,
                                               Instant until,
                                               const std::stop_token& stop) = 0;
};

class OutputQueue;

class SystemHost : public Host {
 public:
  explicit SystemHost(Clock& clock);
  ~SystemHost() override;

  std::optional<std::string> Environment(
      const std::string& name) const override;
  std::string HostName() const override;
  bool IsTerminal(Stream stream) const override;
  WindowSize Window() const override;
  absl::Status Write(Stream stream, absl::string_view text) override;
  bool IsBehind(Stream stream) const override;
  absl::Status Flush(Instant until, const std::stop_token& stop) override;
  absl::StatusOr<std::string> ReadInput(int64_t limit_bytes, Instant until,
                                        const std::stop_token& stop) override;
  absl::StatusOr<ChildOutput> RunChild(const ChildCommand& command,
                                       Instant until,
                                       const std::stop_token& stop) override;

 private:
  OutputQueue& QueueOf(Stream stream) const;

  Clock& clock_;
  const std::unique_ptr<OutputQueue> out_;
  // Null where both streams lead to the same place: one queue keeps the order.
  const std::unique_ptr<OutputQueue> err_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_HOST_H_
