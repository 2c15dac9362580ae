// The surroundings of the process as a seam: environment, standard streams,
// host name, child processes.
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
  // In addition to this process's variables, except those of prepull
  // (PREPULL_…). Overrides them.
  std::map<std::string, std::string> environment = {};
  // Its standard input; at most 4096 bytes.
  std::string input = "";
  // A child that writes more to its standard output is killed.
  int64_t output_limit_bytes = 1 << 20;
  // Receives the lines of its standard error while it runs, on the caller's
  // thread: at most 100 of 1024 bytes, the rest is dropped.
  std::function<void(absl::string_view line)> on_error_line = nullptr;
};

struct ChildOutput {
  std::string output = "";  // its standard output
  // 128 + N if signal N killed it, as in shells.
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

  // Queues `text` without waiting for its reader. Messages (kErr) are dropped
  // if 16 MiB of them are queued, results (kOut) are kept. Errors: those of
  // earlier results, as errno says (UNAVAILABLE  the reader has gone); later
  // ones are dropped.
  virtual absl::Status Write(Stream stream, absl::string_view text) = 0;

  // Whether some text is still queued.
  virtual bool IsBehind(Stream stream) const = 0;

  // Waits until both queues are empty, `until`, or a requested stop. Errors: as
  // Write; DEADLINE_EXCEEDED  they are not.
  virtual absl::Status Flush(Instant until, const std::stop_token& stop) = 0;

  // Returns standard input to its end. Errors: INVALID_ARGUMENT  more than
  // `limit_bytes`; CANCELLED  `stop` was requested; DEADLINE_EXCEEDED  the end
  // was not reached by `until`.
  virtual absl::StatusOr<std::string> ReadInput(
      int64_t limit_bytes, Instant until, const std::stop_token& stop) = 0;

  // Runs a child process to its end, whatever its exit code is, and kills its
  // process group. A process that the kernel does not let die is left behind
  // after a second. Errors, without any output in the text: as errno says if it
  // cannot be started; INVALID_ARGUMENT  more output than allowed, or too much
  // input; CANCELLED  `stop` was requested; DEADLINE_EXCEEDED  it did not end
  // by `until`.
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
  // Null if both streams are the same file: one queue keeps the order.
  const std::unique_ptr<OutputQueue> err_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_HOST_H_
