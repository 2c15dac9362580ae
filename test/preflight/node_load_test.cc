#include "prepull/preflight/node_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::IsEmpty;

// As the kernel writes it; the numbers behind the eighth are counted twice.
std::string Times(int64_t user, int64_t idle, int64_t waiting) {
  return absl::StrCat("cpu  ", user, " 0 10 ", idle, " ", waiting,
                      " 0 0 0 99999 0\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1 2\n");
}

std::string Memory(int64_t available_kb) {
  return absl::StrCat("MemTotal:       16000000 kB\nMemFree:  1000 kB\n",
                      "MemAvailable:   ", available_kb, " kB\n");
}

class NodeLoadTest : public testing::Test {
 protected:
  NodeLoadTest() { Write("/proc/stat", Times(1000, 1000, 1000)); }

  void Write(const std::string& path, const std::string& text) {
    EXPECT_THAT(files_.WriteFileAtomically(path, text), IsOk());
  }
  void Later(const std::string& times) {
    clock_.After(absl::Milliseconds(400),
                 [this, times] { Write("/proc/stat", times); });
  }
  std::vector<Finding> Find(const LoadItems& items) {
    return FindLoad(items, files_, clock_, {});
  }
  absl::Status Check(const LoadItems& items) {
    return CheckLoad(items, files_, clock_, {});
  }

  FakeClock clock_;
  FakeFileSystem files_;
};

TEST_F(NodeLoadTest, LooksAtNothingUnasked) {
  const Instant start = clock_.Now();

  EXPECT_THAT(Find({}), IsEmpty());
  EXPECT_EQ(clock_.Now(), start);
}

TEST_F(NodeLoadTest, AllowsEightyPercent) {
  Later(Times(1080, 1010, 1010));
  Write("/proc/meminfo", Memory(3'200'000));

  const std::vector<Finding> findings = Find({.cpu = true, .mem = true});

  ASSERT_EQ(findings.size(), 2);
  EXPECT_EQ(findings[0].check, "cpu");
  EXPECT_EQ(findings[0].result, CheckResult::kOk);
  EXPECT_EQ(findings[0].detail, "80.0% of the node's CPUs used");
  EXPECT_EQ(findings[1].check, "mem");
  EXPECT_EQ(findings[1].result, CheckResult::kOk);
  EXPECT_EQ(findings[1].detail, "80.0% of the node's 16GB memory used");
}

TEST_F(NodeLoadTest, FailsABusyNode) {
  Later(Times(1900, 1050, 1050));
  Write("/proc/meminfo", Memory(800'000));

  EXPECT_THAT(Check({.cpu = true, .mem = true}),
              StatusIs(StatusCode::kResourceExhausted,
                       "cpu: 90.0% of the node's CPUs used, more than 80%; "
                       "mem: 95.0% of the node's 16GB memory used, more than "
                       "80%"));
}

TEST_F(NodeLoadTest, FailsWhatCannotBeRead) {
  EXPECT_THAT(Check({.mem = true}),
              StatusIs(StatusCode::kResourceExhausted,
                       testing::StartsWith("mem: unknown: /proc/meminfo: ")));
  for (const char* text : {"", "cpu 1 2 3\n", "cpux 1 2 3 4 5 6 7 8\n"}) {
    Write("/proc/stat", text);
    EXPECT_THAT(Check({.cpu = true}), StatusIs(StatusCode::kResourceExhausted));
  }
  for (const char* text : {"MemTotal: 1 kB\n", "MemTotal: x\n"}) {
    Write("/proc/meminfo", text);
    EXPECT_THAT(Check({.mem = true}), StatusIs(StatusCode::kResourceExhausted));
  }
}

// The kernel's counts of idle time may go back.
TEST_F(NodeLoadTest, MakesSomethingOfCountsThatGoBack) {
  Later(Times(990, 900, 1000));

  EXPECT_THAT(Check({.cpu = true}), IsOk());
}

}  // namespace
}  // namespace prepull
