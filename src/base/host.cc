#include "prepull/base/host.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"
#include "src/base/child_process.h"
#include "src/base/poll_timeout.h"

namespace prepull {
namespace {

int DescriptorOf(Stream stream) {
  return stream == Stream::kOut ? STDOUT_FILENO : STDERR_FILENO;
}

}  // namespace

std::optional<std::string> SystemHost::Environment(
    const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::string SystemHost::HostName() const {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0) return "";
  return name;
}

bool SystemHost::IsTerminal(Stream stream) const {
  return isatty(DescriptorOf(stream)) == 1;
}

WindowSize SystemHost::Window() const {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

absl::Status SystemHost::Write(Stream stream, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written =
        write(DescriptorOf(stream), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      // Somebody who shares the pipe made it non-blocking.
      pollfd watched = {DescriptorOf(stream), POLLOUT, 0};
      poll(&watched, 1, -1);
      continue;
    }
    if (written < 0 && errno == EPIPE) {
      return absl::UnavailableError("nobody reads it any more");
    }
    if (written < 0) return ErrnoStatus(errno, "write");
    text.remove_prefix(written);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SystemHost::ReadInput(int64_t limit_bytes,
                                                  Instant until,
                                                  const std::stop_token& stop) {
  const int stopped = eventfd(0, EFD_CLOEXEC);
  if (stopped < 0) return ErrnoStatus(errno, "create an eventfd");
  absl::Cleanup close_stopped = [stopped] { close(stopped); };
  std::stop_callback wake(stop, [stopped] { eventfd_write(stopped, 1); });
  std::string text;
  char block[65536];
  while (true) {
    pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {stopped, POLLIN, 0}};
    poll(watched, 2, PollTimeout(until - clock_.Now()));
    if (stop.stop_requested()) return absl::CancelledError("interrupted");
    if (clock_.Now() >= until) {
      return absl::DeadlineExceededError("did not end before the deadline");
    }
    if (watched[0].revents == 0) continue;
    const ssize_t count = read(STDIN_FILENO, block, sizeof(block));
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return ErrnoStatus(errno, "read");
    if (count == 0) return text;
    text.append(block, count);
    if (static_cast<int64_t>(text.size()) > limit_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("larger than ", limit_bytes, " bytes"));
    }
  }
}

absl::StatusOr<ChildOutput> SystemHost::RunChild(const ChildCommand& command,
                                                 Instant until,
                                                 const std::stop_token& stop) {
  return RunChildProcess(command, clock_, until, stop);
}

}  // namespace prepull
