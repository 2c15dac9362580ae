#include "prepull/base/host.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"
#include "src/base/child_process.h"
#include "src/base/output_queue.h"
#include "src/base/poll_timeout.h"

namespace prepull {
namespace {

// The log of 100,000 pulled images.
constexpr int64_t kMaxBacklogBytes = 16 << 20;

int DescriptorOf(Stream stream) {
  return stream == Stream::kOut ? STDOUT_FILENO : STDERR_FILENO;
}

// A terminal, a pipe or a file that both descriptors lead to.
bool LeadToTheSame(int a, int b) {
  struct stat about_a;
  struct stat about_b;
  return fstat(a, &about_a) == 0 && fstat(b, &about_b) == 0 &&
         about_a.st_dev == about_b.st_dev && about_a.st_ino == about_b.st_ino;
}

}  // namespace

SystemHost::SystemHost(Clock& clock)
    : clock_(clock),
      out_(std::make_unique<OutputQueue>(kMaxBacklogBytes)),
      err_(LeadToTheSame(STDOUT_FILENO, STDERR_FILENO)
               ? nullptr
               : std::make_unique<OutputQueue>(kMaxBacklogBytes)) {}

SystemHost::~SystemHost() = default;

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
  return QueueOf(stream).Push(DescriptorOf(stream), std::string(text),
                              /*may_drop=*/stream == Stream::kErr);
}

bool SystemHost::IsBehind(Stream stream) const {
  return !QueueOf(stream).is_empty();
}

absl::Status SystemHost::Flush(Instant until, const std::stop_token& stop) {
  bool is_done = out_->Flush(clock_, until, stop);
  if (err_ != nullptr) is_done = err_->Flush(clock_, until, stop) && is_done;
  RETURN_IF_ERROR(out_->StatusOf(STDOUT_FILENO));
  return is_done ? absl::OkStatus()
                 : absl::DeadlineExceededError("the reader is stuck");
}

OutputQueue& SystemHost::QueueOf(Stream stream) const {
  return stream == Stream::kErr && err_ != nullptr ? *err_ : *out_;
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
      return absl::DeadlineExceededError("timed out");
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
