// The built binary as a test sees it: arguments and environment in, streams
// and exit code out; optionally on a pseudo-terminal.
//
// Made on the test's main thread, because the process is killed with the
// thread that made it, so that nothing outlives a test that crashed.
#ifndef PREPULL_TEST_SUPPORT_CRI_PREPULL_PROCESS_H_
#define PREPULL_TEST_SUPPORT_CRI_PREPULL_PROCESS_H_

#include <sys/types.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"

namespace prepull {

// Where the built binary is.
std::string BinaryUnderTest();

struct TerminalSize {
  int columns = 80;
  int rows = 24;
};

struct ProcessSetup {
  std::vector<std::string> arguments = {};
  // All of it, but for PATH and what the sanitizers read.
  std::map<std::string, std::string> environment = {};
  // What standard input holds; nothing: it stays open and empty.
  std::optional<std::string> input = "";
  // Standard input, output and error are a terminal of this size.
  std::optional<TerminalSize> terminal = std::nullopt;
  // Whether its output is read from the start, or not before StartReading.
  bool reads = true;
  // Called in the child before it becomes the program: system calls only.
  std::function<void()> in_child = nullptr;
  std::string program = "";  // the binary under test
};

// What a process left behind. A negative code is the signal that ended it.
struct Ended {
  int code = 0;
  std::string out;  // on a terminal: all there was to see
  std::string err;
};

void PrintTo(const Ended& ended, std::ostream* stream);

MATCHER_P(ExitsWith, code, "") { return arg.code == code; }

class PrepullProcess {
 public:
  explicit PrepullProcess(ProcessSetup setup);
  ~PrepullProcess();  // kills it if it still runs
  PrepullProcess(const PrepullProcess&) = delete;
  PrepullProcess& operator=(const PrepullProcess&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;

  // Whether the process has come so far that it receives SIGTERM itself.
  bool WaitUntilItHearsSignals() const;

  void CloseInput();

  // From here on somebody reads its output.
  void StartReading();

  // What came on standard output or error so far.
  std::string out() const;
  std::string err() const;

  // Whether `text` came on either before a generous bound or the end.
  bool WaitForOutput(const std::string& text);

  bool has_ended() const;

  // Waits for the end, at most a minute.
  Ended Wait();

 private:
  void Launch(const ProcessSetup& setup);
  void Collect();
  void AwaitReader();
  bool ReadFrom(int fd, std::string& text);

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string out_text_;
  std::string err_text_;
  std::optional<int> code_;
  bool reads_ = true;
  std::thread collector_;
};

// Runs the binary, or another program, to its end.
Ended RunPrepull(const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment = {});
Ended RunProcess(ProcessSetup setup);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_PREPULL_PROCESS_H_
