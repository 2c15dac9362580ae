#include "src/runtime/access_denial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::HasSubstr;

TEST(AccessDenial, NamesTheMissingCapability) {
  EXPECT_THAT(AccessDenial(812, {.has_ptrace_capability = false}),
              StatusIs(Code::kPermissionDenied,
                       "CAP_SYS_PTRACE is missing (cannot look into process "
                       "812)"));
}

TEST(AccessDenial, NamesYamaWhereTheCapabilityWouldNotHelp) {
  for (const bool has_capability : {false, true}) {
    EXPECT_THAT(AccessDenial(812, {.has_ptrace_capability = has_capability,
                                   .ptrace_scope = 3}),
                StatusIs(Code::kPermissionDenied,
                         HasSubstr("/proc/sys/kernel/yama/ptrace_scope is 3")));
  }
}

TEST(AccessDenial, NamesWhatElseMayForbidIt) {
  EXPECT_THAT(
      AccessDenial(812, {.has_ptrace_capability = true, .ptrace_scope = 2}),
      StatusIs(Code::kPermissionDenied, HasSubstr("AppArmor")));
}

}  // namespace
}  // namespace prepull
