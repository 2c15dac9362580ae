// A child process that serves a unix socket and fetches over TCP, as a runtime
// does; see fetching_program.cc for what it can be told.
#ifndef PREPULL_TEST_RUNTIME_FETCHING_PROCESS_H_
#define PREPULL_TEST_RUNTIME_FETCHING_PROCESS_H_

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "test/support/pipe.h"

namespace prepull {

// Puts a copy of the program at `path` and returns that.
inline std::string CopyOfFetchingProgram(const std::string& path) {
  std::filesystem::copy_file(PREPULL_FETCHING_PROGRAM, path);
  return path;
}

// How many descriptors a process has open.
inline int64_t CountDescriptors(const std::string& process) {
  const std::filesystem::directory_iterator folder("/proc/" + process + "/fd");
  return std::distance(begin(folder), end(folder));
}

class FetchingProcess {
 public:
  // `pid`: the number that it gets, which takes root; 0 = any.
  explicit FetchingProcess(const std::string& program, pid_t pid = 0) {
    pid_ = pid == 0 ? fork() : ForkAs(pid);
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(in_.read_end.fd(), STDIN_FILENO);
      dup2(out_.write_end.fd(), STDOUT_FILENO);
      execl(program.c_str(), program.c_str(), nullptr);
      _exit(126);
    }
    in_.read_end.Close();
    out_.write_end.Close();
    if (pid_ < 0) return;
    EXPECT_EQ(NextLine(), "ready") << program;
  }
  // Whoever went on in its place ends with its input.
  ~FetchingProcess() {
    in_.write_end.Close();
    Kill();
    out_.Drain();
  }
  FetchingProcess(const FetchingProcess&) = delete;
  FetchingProcess& operator=(const FetchingProcess&) = delete;

  // -1 if it could not be started.
  pid_t pid() const { return pid_; }

  // Says `command`. Returns the next line that it says.
  std::string Ask(const std::string& command) {
    in_.Put(command + "\n");
    return NextLine();
  }
  std::string Serve(const std::string& path, int backlog = 16) {
    return Ask(absl::StrCat("serve ", path, " ", backlog));
  }
  std::string Fetch(uint16_t port, size_t bytes,
                    const std::string& host = "127.0.0.1", int protocol = 6) {
    return Ask(
        absl::StrCat("fetch ", host, " ", port, " ", bytes, " ", protocol));
  }

  // "" if nothing comes within a generous bound.
  std::string NextLine() {
    std::string line;
    while (true) {
      pollfd watched = {out_.read_end.fd(), POLLIN, 0};
      char next = 0;
      if (poll(&watched, 1, 30000) <= 0 ||
          read(out_.read_end.fd(), &next, 1) <= 0) {
        return "";
      }
      if (next == '\n') return line;
      line.push_back(next);
    }
  }

  void Signal(int signal) const { kill(pid_, signal); }

  // Ends it, and waits until its number is free.
  void Kill() {
    if (pid_ > 0 && !is_reaped_) kill(pid_, SIGKILL);
    Reap();
  }

  // Waits for the end that it makes by itself.
  void Reap() {
    if (pid_ > 0 && !is_reaped_) waitpid(pid_, nullptr, 0);
    is_reaped_ = true;
  }

 private:
  static pid_t ForkAs(pid_t pid) {
    clone_args args = {};
    args.exit_signal = SIGCHLD;
    args.set_tid = reinterpret_cast<uintptr_t>(&pid);
    args.set_tid_size = 1;
    return static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof(args)));
  }

  Pipe in_;
  Pipe out_;
  pid_t pid_ = -1;
  bool is_reaped_ = false;
};

}  // namespace prepull

#endif  // PREPULL_TEST_RUNTIME_FETCHING_PROCESS_H_
