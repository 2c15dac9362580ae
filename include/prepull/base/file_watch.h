// Notifies when something in a directory changes: a file written, renamed or
// removed (inotify(7)).
//
// Where the kernel cannot watch (the directory does not exist, the limits of
// inotify are reached), is_watching() is false and the caller must poll.
#ifndef PREPULL_BASE_FILE_WATCH_H_
#define PREPULL_BASE_FILE_WATCH_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "prepull/base/clock.h"

namespace prepull {

class FileWatch {
 public:
  // Watches the directory of `path`; `changed` must outlive this.
  FileWatch(const std::string& path, Wakeup& changed);

  // Watches the file `path` alone, as a process with the root directory `root`
  // sees its directory: neither symbolic links nor ".." lead out of that. Calls
  // `changed` on a thread of its own, once for changes that come meanwhile.
  FileWatch(const std::string& root, const std::string& path,
            std::function<void()> changed);

  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  bool is_watching() const { return is_watching_; }

 private:
  explicit FileWatch(std::function<void()> changed);

  void Start(const std::string& directory);
  void Watch();

  const std::function<void()> changed_;
  std::string name_;  // of the file; empty: any
  int inotify_fd_;
  int quit_fd_;
  std::atomic<bool> is_watching_ = false;
  std::thread watcher_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_FILE_WATCH_H_
