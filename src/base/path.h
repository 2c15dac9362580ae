// Parts of paths. Pure.
#ifndef PREPULL_SRC_BASE_PATH_H_
#define PREPULL_SRC_BASE_PATH_H_

#include <string>

namespace prepull {

// The directory that `path` is in: "/run/a" -> "/run", "a" -> ".".
inline std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace prepull

#endif  // PREPULL_SRC_BASE_PATH_H_
