#include "src/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"
#include "src/base/poll_timeout.h"

namespace prepull {
namespace {

// A pipe holds a page even beyond the limits of a user (pipe(7)).
constexpr size_t kMaxInputBytes = 4096;
constexpr size_t kMaxLineBytes = 1024;
constexpr int kMaxLines = 100;
// pidfd_open(2), which tells of the end, is missing on Linux before 5.3.
constexpr int kPollIntervalMs = 10;
constexpr absl::Duration kKillTimeout = absl::Seconds(1);

// A file descriptor that this owns.
class Descriptor {
 public:
  Descriptor() = default;
  ~Descriptor() { Reset(-1); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void Reset(int fd) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;

  // Above 2, so that the child's own streams can be laid over the others.
  absl::Status Open() {
    std::array<int, 2> ends = {-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe");
    read_end.Reset(Raised(ends[0]));
    write_end.Reset(Raised(ends[1]));
    if (read_end.is_open() && write_end.is_open()) return absl::OkStatus();
    return ErrnoStatus(errno, "pipe");
  }

 private:
  static int Raised(int fd) {
    if (fd > STDERR_FILENO) return fd;
    const int raised = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return raised;
  }
};

// Cuts standard error of a child into lines.
class ErrorLines {
 public:
  explicit ErrorLines(const ChildCommand& command)
      : on_line_(command.on_error_line) {}

  void Add(absl::string_view text) {
    for (const char c : text) {
      if (c == '\n') {
        End();
      } else if (line_.size() < kMaxLineBytes) {
        line_.push_back(c);
      }
    }
  }

  void End() {
    if (!line_.empty() && on_line_ && count_++ < kMaxLines) on_line_(line_);
    line_.clear();
  }

 private:
  const std::function<void(absl::string_view)>& on_line_;
  std::string line_;
  int count_ = 0;
};

// The argument and environment vectors of exec.
class CStrings {
 public:
  explicit CStrings(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }

  char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

std::vector<std::string> Environment(const ChildCommand& command) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view text = *variable;
    if (absl::StartsWith(text, "PREPULL_")) continue;
    const std::string name(text.substr(0, text.find('=')));
    if (!command.environment.contains(name)) all.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) {
    all.push_back(absl::StrCat(name, "=", value));
  }
  return all;
}

// How the child starts: its streams, its own process group, and none of our
// signal settings (StopSignal blocks some, main ignores SIGPIPE).
class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF |
                                               POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  // Errors: as errno says, also if the program cannot be executed.
  absl::StatusOr<pid_t> Spawn(const ChildCommand& command, int in, int out,
                              int err) {
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    // Not every library we use opens its sockets close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    std::vector<std::string> words = {command.program};
    words.insert(words.end(), command.arguments.begin(),
                 command.arguments.end());
    const CStrings arguments(std::move(words));
    const CStrings environment(Environment(command));
    pid_t child = -1;
    const int error =
        posix_spawn(&child, command.program.c_str(), &actions_, &attributes_,
                    arguments.get(), environment.get());
    if (error != 0) return ErrnoStatus(error, "start");
    return child;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Owns a running child process. The destructor kills and reaps its process
// group.
class Child {
 public:
  Child(const ChildCommand& command, const Clock& clock)
      : command_(command), clock_(clock), error_lines_(command) {}
  ~Child() { KillAndReap(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  absl::Status Start() {
    Pipe in;
    RETURN_IF_ERROR(in.Open());
    RETURN_IF_ERROR(out_.Open());
    RETURN_IF_ERROR(err_.Open());
    event_.Reset(eventfd(0, EFD_CLOEXEC));
    if (!event_.is_open()) return ErrnoStatus(errno, "create an eventfd");
    // The pipe holds all of it before the child starts, so a child that does
    // not read it causes no SIGPIPE.
    RETURN_IF_ERROR(FillInput(in.write_end.fd()));
    in.write_end.Reset(-1);
    fcntl(out_.read_end.fd(), F_SETFL, O_NONBLOCK);
    fcntl(err_.read_end.fd(), F_SETFL, O_NONBLOCK);
    ASSIGN_OR_RETURN(
        pid_, SpawnSetup().Spawn(command_, in.read_end.fd(),
                                 out_.write_end.fd(), err_.write_end.fd()));
    out_.write_end.Reset(-1);
    err_.write_end.Reset(-1);
    return absl::OkStatus();
  }

  // Reads until the child has ended. A grandchild that keeps the pipes open is
  // not waited for.
  absl::StatusOr<std::string> Listen(Instant until,
                                     const std::stop_token& stop) {
    const std::stop_callback wake(stop,
                                  [this] { eventfd_write(event_.fd(), 1); });
    while (true) {
      const bool has_ended = HasEnded();
      RETURN_IF_ERROR(ReadOutput());
      ReadErrors();
      if (has_ended) break;
      if (stop.stop_requested()) return absl::CancelledError("interrupted");
      if (clock_.Now() >= until) {
        return absl::DeadlineExceededError("timed out");
      }
      Await(until);
    }
    error_lines_.End();
    return std::move(output_);
  }

  // Kills the rest of the group and returns the exit code. A process that the
  // kernel does not let die (a file server that hangs) is left behind after
  // kKillTimeout.
  int KillAndReap() {
    if (pid_ < 0) return 0;
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);  // should it have left its group
    const Instant until = clock_.Now() + kKillTimeout;
    int status = SIGKILL;
    Reap(pid_, status, until);
    // As process 1 of a container we are the parent of its orphans.
    int ignored = 0;
    while (Reap(-pid_, ignored, until)) {
    }
    pid_ = -1;
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    return WEXITSTATUS(status);
  }

 private:
  // Its id stays reserved until it is reaped.
  bool HasEnded() const {
    siginfo_t about = {};
    waitid(P_PID, pid_, &about, WEXITED | WNOWAIT | WNOHANG);
    return about.si_pid == pid_;
  }

  // Reaps a child. Returns false if there is none, or none died by `until`.
  bool Reap(pid_t who, int& status, Instant until) const {
    while (true) {
      const pid_t dead = waitpid(who, &status, WNOHANG);
      if (dead > 0) return true;
      if (dead < 0 && errno != EINTR) return false;
      if (clock_.Now() >= until) return false;
      poll(nullptr, 0, kPollIntervalMs);
    }
  }

  absl::Status FillInput(int fd) {
    if (command_.input.size() > kMaxInputBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("input larger than ", kMaxInputBytes, " bytes"));
    }
    const auto size = static_cast<ssize_t>(command_.input.size());
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (write(fd, command_.input.data(), size) == size) return absl::OkStatus();
    return ErrnoStatus(errno, "write input");
  }

  // Reads what is available. Closes a stream that has ended.
  absl::Status ReadOutput() {
    std::array<char, 65536> block;
    while (out_.read_end.is_open()) {
      const ssize_t count =
          read(out_.read_end.fd(), block.data(), block.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) break;
      if (count <= 0) out_.read_end.Reset(-1);
      if (count > 0) output_.append(block.data(), count);
      if (static_cast<int64_t>(output_.size()) > command_.output_limit_bytes) {
        return absl::InvalidArgumentError(absl::StrCat(
            "output larger than ", command_.output_limit_bytes, " bytes"));
      }
    }
    return absl::OkStatus();
  }

  // One block at a time, so that a flood does not delay the timeout.
  void ReadErrors() {
    if (!err_.read_end.is_open()) return;
    std::array<char, 65536> block;
    const ssize_t count = read(err_.read_end.fd(), block.data(), block.size());
    if (count > 0) {
      error_lines_.Add(absl::string_view(block.data(), count));
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      err_.read_end.Reset(-1);
    }
  }

  // Waits for something to read, kPollIntervalMs, or `until`.
  void Await(Instant until) {
    // poll(2) ignores negative descriptors.
    std::array<pollfd, 3> watched = {pollfd{event_.fd(), POLLIN, 0},
                                     pollfd{out_.read_end.fd(), POLLIN, 0},
                                     pollfd{err_.read_end.fd(), POLLIN, 0}};
    poll(watched.data(), watched.size(),
         std::min(PollTimeout(until - clock_.Now()), kPollIntervalMs));
  }

  const ChildCommand& command_;
  const Clock& clock_;
  ErrorLines error_lines_;
  Pipe out_;
  Pipe err_;
  Descriptor event_;  // a stop was requested
  std::string output_;
  pid_t pid_ = -1;
};

}  // namespace

absl::StatusOr<ChildOutput> RunChildProcess(const ChildCommand& command,
                                            const Clock& clock, Instant until,
                                            const std::stop_token& stop) {
  Child child(command, clock);
  RETURN_IF_ERROR(child.Start());
  ASSIGN_OR_RETURN(std::string output, child.Listen(until, stop));
  return ChildOutput{std::move(output), child.KillAndReap()};
}

}  // namespace prepull
