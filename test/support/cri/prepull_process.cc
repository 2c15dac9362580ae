#include "test/support/cri/prepull_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "test/support/cri/file_wait.h"

namespace prepull {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kLongestRun = std::chrono::seconds(60);

std::vector<std::string> EnvironmentOf(const ProcessSetup& setup) {
  std::vector<std::string> environment;
  for (const char* name : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || setup.environment.contains(name)) continue;
    environment.push_back(absl::StrCat(name, "=", value));
  }
  for (const auto& [name, value] : setup.environment) {
    environment.push_back(absl::StrCat(name, "=", value));
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A pipe of which the parent keeps end 0 (to read) or 1 (to write).
std::pair<int, int> OpenPipe(bool parent_reads) {
  int ends[2];
  const int opened = pipe2(ends, O_CLOEXEC);
  assert(opened == 0);
  (void)opened;
  return parent_reads ? std::pair(ends[0], ends[1])
                      : std::pair(ends[1], ends[0]);
}

void WriteAll(int fd, const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count =
        write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) return;  // it does not read its input
    if (count > 0) written += count;
  }
}

}  // namespace

std::string BinaryUnderTest() {
  const char* binary = std::getenv("PREPULL_BINARY");
  return binary == nullptr ? PREPULL_BUILT_BINARY : binary;
}

void PrintTo(const Ended& ended, std::ostream* stream) {
  *stream << "exit code " << ended.code << "\n--- standard output\n"
          << ended.out << "--- standard error\n"
          << ended.err << "---";
}

PrepullProcess::PrepullProcess(ProcessSetup setup) {
  signal(SIGPIPE, SIG_IGN);
  if (setup.program.empty()) setup.program = BinaryUnderTest();
  Launch(setup);
  reads_ = setup.reads;
  collector_ = std::thread([this] { Collect(); });
  if (!setup.input || setup.terminal) return;
  WriteAll(in_, *setup.input);
  CloseInput();
}

void PrepullProcess::Launch(const ProcessSetup& setup) {
  std::vector<std::string> words = {setup.program};
  words.insert(words.end(), setup.arguments.begin(), setup.arguments.end());
  std::vector<std::string> environment = EnvironmentOf(setup);
  const std::vector<char*> argv = Pointers(words);
  const std::vector<char*> envp = Pointers(environment);
  // By descriptor: the child may not be allowed to walk the way to it.
  const int program = open(setup.program.c_str(), O_PATH | O_CLOEXEC);
  assert(program >= 0);
  int child_in = -1;
  int child_out = -1;
  int child_err = -1;
  if (setup.terminal) {
    winsize size = {};
    size.ws_col = static_cast<unsigned short>(setup.terminal->columns);
    size.ws_row = static_cast<unsigned short>(setup.terminal->rows);
    const int opened = openpty(&out_, &child_in, nullptr, nullptr, &size);
    assert(opened == 0);
    (void)opened;
    fcntl(out_, F_SETFD, FD_CLOEXEC);
    child_out = child_err = child_in;
  } else {
    std::tie(in_, child_in) = OpenPipe(/*parent_reads=*/false);
    std::tie(out_, child_out) = OpenPipe(/*parent_reads=*/true);
    std::tie(err_, child_err) = OpenPipe(/*parent_reads=*/true);
  }
  const bool on_terminal = setup.terminal.has_value();

  pid_ = fork();
  assert(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    if (on_terminal) {
      login_tty(child_in);
    } else {
      dup2(child_in, STDIN_FILENO);
      dup2(child_out, STDOUT_FILENO);
      dup2(child_err, STDERR_FILENO);
    }
    if (setup.in_child) setup.in_child();
    fexecve(program, argv.data(), envp.data());
    _exit(126);
  }
  close(program);
  close(child_in);
  if (!on_terminal) {
    close(child_out);
    close(child_err);
  }
}

PrepullProcess::~PrepullProcess() {
  bool runs = true;
  {
    std::lock_guard lock(mutex_);
    runs = !code_.has_value();
  }
  if (runs) kill(pid_, SIGKILL);
  collector_.join();
  CloseInput();
  close(out_);
  if (err_ >= 0) close(err_);
}

void PrepullProcess::Signal(int signal) const { kill(pid_, signal); }

bool PrepullProcess::WaitUntilItHearsSignals() const {
  return AskUntil([this] {
    // "SigBlk:\t0000000000004002": it takes them from a signalfd.
    std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
    std::string word;
    while (status >> word) {
      if (word != "SigBlk:") continue;
      status >> word;
      return (std::stoull(word, nullptr, 16) >> (SIGTERM - 1) & 1) == 1;
    }
    return false;
  });
}

void PrepullProcess::CloseInput() {
  if (in_ >= 0) close(in_);
  in_ = -1;
}

bool PrepullProcess::ReadFrom(int fd, std::string& text) {
  char block[65536];
  const ssize_t count = read(fd, block, sizeof(block));
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;  // a terminal says EIO when its user is gone
  std::lock_guard lock(mutex_);
  text.append(block, count);
  changed_.notify_all();
  return true;
}

void PrepullProcess::StartReading() {
  std::lock_guard lock(mutex_);
  reads_ = true;
  changed_.notify_all();
}

// Or the end, of which only the kernel tells.
void PrepullProcess::AwaitReader() {
  std::unique_lock lock(mutex_);
  siginfo_t ended = {};
  while (!reads_ && ended.si_pid != pid_) {
    changed_.wait_for(lock, std::chrono::milliseconds(5));
    waitid(P_PID, pid_, &ended, WEXITED | WNOWAIT | WNOHANG);
  }
}

void PrepullProcess::Collect() {
  AwaitReader();
  pollfd watched[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    if (poll(watched, 2, -1) < 0) continue;
    if (watched[0].revents != 0 && !ReadFrom(out_, out_text_)) {
      watched[0].fd = -1;
    }
    if (watched[1].revents != 0 && !ReadFrom(err_, err_text_)) {
      watched[1].fd = -1;
    }
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  std::lock_guard lock(mutex_);
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  changed_.notify_all();
}

std::string PrepullProcess::out() const {
  std::lock_guard lock(mutex_);
  return out_text_;
}

std::string PrepullProcess::err() const {
  std::lock_guard lock(mutex_);
  return err_text_;
}

bool PrepullProcess::WaitForOutput(const std::string& text) {
  const auto is_there = [&] {
    return out_text_.find(text) != std::string::npos ||
           err_text_.find(text) != std::string::npos;
  };
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience,
                    [&] { return is_there() || code_.has_value(); });
  return is_there();
}

bool PrepullProcess::has_ended() const {
  std::lock_guard lock(mutex_);
  return code_.has_value();
}

Ended PrepullProcess::Wait() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kLongestRun,
                         [&] { return code_.has_value(); })) {
    kill(pid_, SIGKILL);
    changed_.wait(lock, [&] { return code_.has_value(); });
    err_text_ += "\n(killed by the test after a minute)\n";
  }
  return {*code_, out_text_, err_text_};
}

Ended RunPrepull(const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment) {
  return RunProcess({.arguments = arguments, .environment = environment});
}

Ended RunProcess(ProcessSetup setup) {
  return PrepullProcess(std::move(setup)).Wait();
}

}  // namespace prepull
