#include "prepull/base/file_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "src/base/path.h"

namespace prepull {

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
  char events[4096];
  while (true) {
    if (poll(watched, 2, -1) < 0) continue;
    if (watched[1].revents != 0) return;
    // What changed does not matter: the reader looks at its file.
    while (read(inotify_fd_, events, sizeof(events)) > 0) {
    }
    changed.Notify();
  }
}

}  // namespace prepull
