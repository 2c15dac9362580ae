#include "src/runtime/process_children.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace prepull {
namespace {

// By number, which may have changed hands: cheap, for a first look.
bool Runs(pid_t pid, const FileId& executable) {
  struct stat about;
  const std::string link = absl::StrCat("/proc/", pid, "/exe");
  return stat(link.c_str(), &about) == 0 &&
         FileId{about.st_dev, about.st_ino} == executable;
}

bool IsChild(const OtherProcess& process, const OtherProcess& parent,
             const FileId& executable) {
  const absl::StatusOr<FileId> runs = process.ExecutableFile();
  const absl::StatusOr<pid_t> of = process.Parent();
  return runs.ok() && *runs == executable && of.ok() && *of == parent.pid() &&
         !process.HasEnded();
}

}  // namespace

std::vector<pid_t> AllProcesses() {
  std::vector<pid_t> found;
  DIR* listing = opendir("/proc");
  if (listing == nullptr) return found;
  absl::Cleanup close_listing = [listing] { closedir(listing); };
  while (const dirent* entry = readdir(listing)) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(entry->d_name, &pid)) found.push_back(pid);
  }
  return found;
}

std::vector<pid_t> ListedChildren(const OtherProcess& parent) {
  const absl::StatusOr<std::vector<pid_t>> threads = parent.Threads();
  if (!threads.ok()) return {};
  std::vector<pid_t> found;
  bool are_listed = false;
  for (const pid_t thread : *threads) {
    const absl::StatusOr<std::string> text =
        parent.ReadFile(absl::StrCat("task/", thread, "/children"));
    if (!text.ok()) continue;  // the thread has ended, or there are no lists
    are_listed = true;
    for (const absl::string_view word :
         absl::StrSplit(*text, ' ', absl::SkipEmpty())) {
      pid_t pid = 0;
      if (absl::SimpleAtoi(word, &pid)) found.push_back(pid);
    }
  }
  return are_listed ? found : AllProcesses();
}

void UpdateChildren(const OtherProcess& parent,
                    const std::vector<pid_t>& candidates,
                    std::vector<OtherProcess>& children) {
  const absl::StatusOr<FileId> executable = parent.ExecutableFile();
  if (!executable.ok()) {
    children.clear();
    return;
  }
  children.erase(std::remove_if(children.begin(), children.end(),
                                [&](const OtherProcess& child) {
                                  return !IsChild(child, parent, *executable);
                                }),
                 children.end());
  for (const pid_t pid : candidates) {
    const bool is_open = std::any_of(
        children.begin(), children.end(),
        [pid](const OtherProcess& child) { return child.pid() == pid; });
    if (is_open || !Runs(pid, *executable)) continue;
    absl::StatusOr<OtherProcess> child = OtherProcess::Open(pid);
    if (child.ok() && IsChild(*child, parent, *executable)) {
      children.push_back(*std::move(child));
    }
  }
}

}  // namespace prepull
