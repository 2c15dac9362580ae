#include "prepull/base/file_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/path.h"

namespace prepull {
namespace {

// What came since the last look.
struct FolderChanges {
  bool has_any = false;  // of what is watched
  bool is_lost = false;  // no more will be told: the path leads elsewhere now
};

// Reads the events that are there. What happened to a file does not matter, the
// reader looks at its own. `name`: the file that counts; empty: all.
FolderChanges ReadChanges(int inotify_fd, const std::string& name) {
  constexpr uint32_t kLost = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;
  alignas(inotify_event) char events[4096];
  FolderChanges changes;
  ssize_t count = 0;
  while ((count = read(inotify_fd, events, sizeof(events))) > 0) {
    for (ssize_t at = 0; at < count;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      const bool is_lost = (event->mask & kLost) != 0;
      changes.is_lost = changes.is_lost || is_lost;
      // An event without a name is about the folder, or about lost events.
      changes.has_any = changes.has_any || name.empty() || event->len == 0 ||
                        name == event->name;
    }
  }
  return changes;
}

}  // namespace

FileWatch::FileWatch(std::function<void()> changed)
    : changed_(std::move(changed)),
      inotify_fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      quit_fd_(eventfd(0, EFD_CLOEXEC)) {}

FileWatch::FileWatch(const std::string& path, Wakeup& changed)
    : FileWatch([&changed] { changed.Notify(); }) {
  Start(DirectoryOf(path));
}

FileWatch::FileWatch(const std::string& root, const std::string& path,
                     std::function<void()> changed)
    : FileWatch(std::move(changed)) {
  name_ = path.substr(path.rfind('/') + 1);
  const absl::StatusOr<int> folder = OpenInRoot(root, DirectoryOf(path));
  if (!folder.ok()) return;
  Start(absl::StrCat("/proc/self/fd/", *folder));
  close(*folder);
}

void FileWatch::Start(const std::string& directory) {
  if (inotify_fd_ < 0 || quit_fd_ < 0) return;
  if (inotify_add_watch(inotify_fd_, directory.c_str(),
                        IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE |
                            IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) < 0) {
    return;
  }
  is_watching_ = true;
  watcher_ = std::thread([this] { Watch(); });
}

FileWatch::~FileWatch() {
  if (watcher_.joinable()) {
    eventfd_write(quit_fd_, 1);
    watcher_.join();
  }
  if (quit_fd_ >= 0) close(quit_fd_);
  if (inotify_fd_ >= 0) close(inotify_fd_);
}

void FileWatch::Watch() {
  pollfd watched[] = {{inotify_fd_, POLLIN, 0}, {quit_fd_, POLLIN, 0}};
  while (true) {
    if (poll(watched, 2, -1) < 0) continue;
    if (watched[1].revents != 0) return;
    const FolderChanges changes = ReadChanges(inotify_fd_, name_);
    if (changes.is_lost) is_watching_ = false;
    if (changes.has_any) changed_();
  }
}

}  // namespace prepull
