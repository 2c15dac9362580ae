// Files in memory that a test can make fail. Thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_FILE_SYSTEM_H_
#define PREPULL_TEST_SUPPORT_FAKE_FILE_SYSTEM_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/file_system.h"
#include "prepull/base/mutex.h"

namespace prepull {

class FakeFileSystem : public FileSystem {
 public:
  absl::StatusOr<std::string> ReadFile(const std::string& path,
                                       int64_t) override {
    MutexLock lock(mutex_);
    const auto found = files_.find(path);
    if (found != files_.end()) return found->second;
    return absl::NotFoundError(
        absl::StrCat(path, ": open: no such file or directory"));
  }

  absl::StatusOr<FileKind> KindOf(const std::string& path) override {
    MutexLock lock(mutex_);
    if (files_.contains(path)) return FileKind::kFile;
    if (!NamesIn(path).empty()) return FileKind::kFolder;
    return absl::NotFoundError(
        absl::StrCat(path, ": open: no such file or directory"));
  }

  // There are no empty folders.
  absl::StatusOr<std::vector<std::string>> ListFolder(
      const std::string& path) override {
    MutexLock lock(mutex_);
    const std::set<std::string> names = NamesIn(path);
    return std::vector<std::string>(names.begin(), names.end());
  }

  // There are no links that could lead out of `root`.
  absl::StatusOr<std::string> ReadFileIn(const std::string& root,
                                         const std::string& path,
                                         int64_t limit_bytes) override {
    return ReadFile(absl::StrCat(absl::StripSuffix(root, "/"), path),
                    limit_bytes);
  }

  absl::StatusOr<std::vector<std::string>> ListFolderIn(
      const std::string& root, const std::string& path) override {
    return ListFolder(absl::StrCat(absl::StripSuffix(root, "/"), path));
  }

  // All is root's.
  absl::StatusOr<std::vector<FolderEntry>> ListEntriesIn(
      const std::string& root, const EntryQuery& query) override {
    const std::string folder =
        absl::StrCat(absl::StripSuffix(root, "/"), query.path);
    MutexLock lock(mutex_);
    const std::set<std::string> names = NamesIn(folder);
    if (names.empty()) {
      return absl::NotFoundError(
          absl::StrCat(query.path, ": open: no such file or directory"));
    }
    if (static_cast<int64_t>(names.size()) > query.max_names) {
      return absl::ResourceExhaustedError(
          absl::StrCat(query.path, ": more than ", query.max_names, " names"));
    }
    std::vector<FolderEntry> entries;
    for (const std::string& name : names) {
      if (!absl::StartsWith(name, query.prefix)) continue;
      const auto file = files_.find(absl::StrCat(folder, "/", name));
      const bool is_file = file != files_.end();
      entries.push_back({.name = name,
                         .kind = is_file ? FileKind::kFile : FileKind::kFolder,
                         .size_bytes = static_cast<int64_t>(
                             is_file ? file->second.size() : 0)});
    }
    return entries;
  }

  absl::Status WriteFileAtomically(const std::string& path,
                                   absl::string_view text) override {
    MutexLock lock(mutex_);
    ++writes_;
    if (!write_error_.ok()) return write_error_;
    files_[path] = std::string(text);
    return absl::OkStatus();
  }

  absl::Status WriteExisting(const std::string& path,
                             absl::string_view text) override {
    MutexLock lock(mutex_);
    const auto found = files_.find(path);
    if (found == files_.end()) return absl::NotFoundError(path);
    found->second = std::string(text);
    return absl::OkStatus();
  }

  absl::Status RemoveFile(const std::string& path) override {
    MutexLock lock(mutex_);
    if (files_.erase(path) > 0) return absl::OkStatus();
    return absl::NotFoundError(
        absl::StrCat(path, ": remove: no such file or directory"));
  }

  void RemoveOldDrafts(const std::string&, absl::Duration) override {}

  absl::StatusOr<DiskUsage> Usage(const std::string& root,
                                  const std::string& path) override {
    MutexLock lock(mutex_);
    const auto found = usages_.find(absl::StrCat(root, ":", path));
    if (found != usages_.end()) return found->second;
    return absl::NotFoundError(
        absl::StrCat(path, ": no such file or directory"));
  }

  // How full `path` is for one who sees it from `root`.
  void SetUsage(const std::string& root, const std::string& path,
                absl::StatusOr<DiskUsage> usage) {
    MutexLock lock(mutex_);
    usages_[absl::StrCat(root, ":", path)] = std::move(usage);
  }

  void Remove(const std::string& path) {
    MutexLock lock(mutex_);
    files_.erase(path);
  }

  // What the next writes end with.
  void FailWrites(absl::Status error) {
    MutexLock lock(mutex_);
    write_error_ = std::move(error);
  }

  int writes() {
    MutexLock lock(mutex_);
    return writes_;
  }

 private:
  std::set<std::string> NamesIn(const std::string& folder) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::set<std::string> names;
    for (const auto& [path, text] : files_) {
      absl::string_view rest = path;
      if (!absl::ConsumePrefix(&rest, folder + "/")) continue;
      names.emplace(rest.substr(0, rest.find('/')));
    }
    return names;
  }

  Mutex mutex_;
  std::map<std::string, std::string> files_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::StatusOr<DiskUsage>> usages_
      ABSL_GUARDED_BY(mutex_);
  absl::Status write_error_ ABSL_GUARDED_BY(mutex_);
  int writes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_FILE_SYSTEM_H_
