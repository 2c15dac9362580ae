#include "prepull/base/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"

namespace prepull {

absl::StatusOr<TemporaryFile> TemporaryFile::Create(
    const std::vector<std::string>& folders) {
  absl::Status status = absl::InvalidArgumentError("missing folder");
  for (const std::string& folder : folders) {
    std::string path = absl::StrCat(folder, "/prepull-XXXXXX");
    const int fd = mkostemp(path.data(), O_CLOEXEC);
    if (fd >= 0) return TemporaryFile(std::move(path), fd);
    status = ErrnoStatus(errno, absl::StrCat("create a file in ", folder));
  }
  return status;
}

TemporaryFile::TemporaryFile(std::string path, int fd)
    : path_(std::move(path)), fd_(fd) {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : path_(std::exchange(other.path_, "")),
      fd_(std::exchange(other.fd_, -1)) {}

TemporaryFile::~TemporaryFile() {
  Unlink();
  if (fd_ >= 0) close(fd_);
}

absl::Status TemporaryFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, absl::StrCat("write ", path_));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

void TemporaryFile::Unlink() {
  if (!path_.empty()) unlink(path_.c_str());
  path_.clear();
}

}  // namespace prepull
