#include "prepull/base/file_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "src/base/path.h"

namespace prepull {
namespace {

// Reads the events that are there. Which file changed does not matter, the
// reader looks at its own; true if there will be no more to tell, because the
// path leads elsewhere now.
bool LostDirectory(int inotify_fd) {
  alignas(inotify_event) char events[4096];
  uint32_t seen = 0;
  ssize_t count = 0;
  while ((count = read(inotify_fd, events, sizeof(events))) > 0) {
    for (ssize_t at = 0; at < count;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      seen |= event->mask;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  return (seen & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
}

}  // namespace

FileWatch::FileWatch(const std::string& path, Wakeup& changed)
    : inotify_fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      quit_fd_(eventfd(0, EFD_CLOEXEC)) {
  if (inotify_fd_ < 0 || quit_fd_ < 0) return;
  if (inotify_add_watch(inotify_fd_, DirectoryOf(path).c_str(),
                        IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE |
                            IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) < 0) {
    return;
  }
  is_watching_ = true;
  watcher_ = std::thread([this, &changed] { Watch(changed); });
}

FileWatch::~FileWatch() {
  if (watcher_.joinable()) {
    eventfd_write(quit_fd_, 1);
    watcher_.join();
  }
  if (quit_fd_ >= 0) close(quit_fd_);
  if (inotify_fd_ >= 0) close(inotify_fd_);
}

void FileWatch::Watch(Wakeup& changed) {
  pollfd watched[] = {{inotify_fd_, POLLIN, 0}, {quit_fd_, POLLIN, 0}};
  while (true) {
    if (poll(watched, 2, -1) < 0) continue;
    if (watched[1].revents != 0) return;
    if (LostDirectory(inotify_fd_)) is_watching_ = false;
    changed.Notify();
  }
}

}  // namespace prepull
