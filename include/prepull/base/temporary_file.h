// A temporary file, for what is too large for memory.
#ifndef PREPULL_BASE_TEMPORARY_FILE_H_
#define PREPULL_BASE_TEMPORARY_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

class TemporaryFile {
 public:
  // Creates it in the first of `folders` where that succeeds, readable by us
  // alone. Errors: those of the last one, as errno says.
  static absl::StatusOr<TemporaryFile> Create(
      const std::vector<std::string>& folders);

  // Removes the file.
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) = delete;

  absl::Status Append(absl::string_view bytes);

  // Unlinks the file. Open descriptors stay valid, path() does not.
  void Unlink();

  const std::string& path() const { return path_; }

 private:
  TemporaryFile(std::string path, int fd);

  std::string path_;  // empty once it is gone
  int fd_ = -1;
};

}  // namespace prepull

#endif  // PREPULL_BASE_TEMPORARY_FILE_H_
