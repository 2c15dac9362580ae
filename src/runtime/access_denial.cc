#include "src/runtime/access_denial.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "src/runtime/file_descriptor.h"

namespace prepull {
namespace {

constexpr char kPtraceScope[] = "/proc/sys/kernel/yama/ptrace_scope";
constexpr int kScopeOfNobody = 3;

bool HasPtraceCapability() {
  __user_cap_header_struct header = {};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets = {};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return false;
  return (sets[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective &
          CAP_TO_MASK(CAP_SYS_PTRACE)) != 0;
}

int PtraceScope() {
  const FileDescriptor file(open(kPtraceScope, O_RDONLY | O_CLOEXEC));
  std::array<char, 16> text = {};
  const ssize_t count = read(file.fd(), text.data(), text.size());
  int scope = 0;
  if (count <= 0 ||
      !absl::SimpleAtoi(absl::string_view(text.data(), count), &scope)) {
    return 0;
  }
  return scope;
}

}  // namespace

AccessRights OwnAccessRights() {
  return {.has_ptrace_capability = HasPtraceCapability(),
          .ptrace_scope = PtraceScope()};
}

absl::Status AccessDenial(pid_t pid, const AccessRights& rights) {
  const std::string what =
      absl::StrCat(" (cannot look into process ", pid, ")");
  if (rights.ptrace_scope == kScopeOfNobody) {
    return absl::PermissionDeniedError(
        absl::StrCat(kPtraceScope, " is 3, which forbids it even with ",
                     "CAP_SYS_PTRACE", what));
  }
  if (!rights.has_ptrace_capability) {
    return absl::PermissionDeniedError(
        absl::StrCat("CAP_SYS_PTRACE is missing", what));
  }
  return absl::PermissionDeniedError(
      absl::StrCat("CAP_SYS_PTRACE is there, but AppArmor, SELinux, seccomp or "
                   "a user namespace forbids it",
                   what));
}

}  // namespace prepull
