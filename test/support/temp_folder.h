// A folder that is gone after the test.
#ifndef PREPULL_TEST_SUPPORT_TEMP_FOLDER_H_
#define PREPULL_TEST_SUPPORT_TEMP_FOLDER_H_

#include <cassert>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace prepull {

class TempFolder {
 public:
  // Under /tmp, because the path of a socket has at most 107 bytes.
  TempFolder() {
    const char* made = mkdtemp(path_.data());
    assert(made != nullptr);
    (void)made;
    // Others may go through to files whose names they know.
    std::filesystem::permissions(path_, std::filesystem::perms(0711));
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // The names of what is in it.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  // Writes a file and returns its path.
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }

 private:
  std::string path_ = "/tmp/prepull-test-XXXXXX";
};

// What `path` holds; "" if there is no such file.
inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_TEMP_FOLDER_H_
