#include "src/base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

constexpr int kMaxLinks = 40;  // the kernel's own limit, path_resolution(7)

// Goes down from a root, a name at a time, and remembers the folders above.
//
// openat2(RESOLVE_IN_ROOT) would do the same, but Linux 4.18 (RHEL 8) lacks it
// and older seccomp profiles refuse it: one way that works everywhere is
// better tested than two.
class Walk {
 public:
  Walk() = default;
  ~Walk() {
    for (const int fd : folders_) close(fd);
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  absl::Status Start(const std::string& root) {
    const int fd = open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return ErrnoStatus(errno, root);
    folders_.push_back(fd);
    return absl::OkStatus();
  }

  absl::Status Follow(absl::string_view path) {
    Prepend(path);
    while (!names_.empty()) {
      const std::string name = std::move(names_.front());
      names_.pop_front();
      RETURN_IF_ERROR(Step(name));
    }
    return absl::OkStatus();
  }

  // Where the walk has come to; the caller's from now on.
  int Take() {
    const int fd = folders_.back();
    folders_.pop_back();
    return fd;
  }

 private:
  void Prepend(absl::string_view path) {
    const std::vector<std::string> names =
        absl::StrSplit(path, '/', absl::SkipEmpty());
    names_.insert(names_.begin(), names.begin(), names.end());
  }

  absl::Status Step(const std::string& name) {
    if (name == ".") return absl::OkStatus();
    if (name == "..") {
      if (folders_.size() > 1) GoUp();
      return absl::OkStatus();
    }
    const int fd =
        openat(folders_.back(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return ErrnoStatus(errno, name);
    folders_.push_back(fd);
    struct stat about;
    if (fstat(fd, &about) != 0) return ErrnoStatus(errno, name);
    return S_ISLNK(about.st_mode) ? FollowLink(name) : absl::OkStatus();
  }

  // The last of the folders is in fact a link.
  absl::Status FollowLink(const std::string& name) {
    if (++links_ > kMaxLinks) return ErrnoStatus(ELOOP, name);
    char target[PATH_MAX];
    const ssize_t length =
        readlinkat(folders_.back(), "", target, sizeof(target));
    if (length < 0) return ErrnoStatus(errno, name);
    GoUp();
    const absl::string_view text(target, length);
    if (absl::StartsWith(text, "/")) {
      while (folders_.size() > 1) GoUp();
    }
    Prepend(text);
    return absl::OkStatus();
  }

  void GoUp() {
    close(folders_.back());
    folders_.pop_back();
  }

  std::vector<int> folders_;  // the root first
  std::deque<std::string> names_;
  int links_ = 0;
};

}  // namespace

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::StatusOr<int> OpenInRoot(const std::string& root,
                               absl::string_view path) {
  Walk walk;
  RETURN_IF_ERROR(Annotate(walk.Start(root), "host root"));
  RETURN_IF_ERROR(Annotate(walk.Follow(path), path));
  return walk.Take();
}

}  // namespace prepull
