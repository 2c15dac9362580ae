#include "prepull/base/priority.h"

#include <gtest/gtest.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

constexpr int kNobody = 65534;

int IoPriority() {
  return static_cast<int>(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
}

// In a thread of its own, whose priority dies with it.
template <typename Body>
void InAThread(Body body) {
  std::thread(body).join();
}

TEST(SetPriorityTest, TheKernelHasWhatWasSet) {
  InAThread([] {
    ASSERT_THAT(
        SetPriority(
            {.nice = 7, .io_class = IoClass::kBestEffort, .io_level = 6}),
        IsOk());

    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 7);
    EXPECT_EQ(IoPriority(), IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
  });
}

TEST(SetPriorityTest, LeavesAloneWhatIsNotGiven) {
  InAThread([] {
    const int nice = getpriority(PRIO_PROCESS, 0);
    const int io = IoPriority();

    ASSERT_THAT(SetPriority({}), IsOk());

    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), nice);
    EXPECT_EQ(IoPriority(), io);
  });
}

TEST(SetPriorityTest, TakesALevelForOneOfBestEffort) {
  InAThread([] {
    ASSERT_THAT(SetPriority({.io_level = 2}), IsOk());

    EXPECT_EQ(IoPriority(), IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 2));
  });
}

TEST(SetPriorityTest, KnowsNoLevelsOfTheIdleClass) {
  InAThread([] {
    ASSERT_THAT(SetPriority({.io_class = IoClass::kIdle, .io_level = 3}),
                IsOk());

    EXPECT_EQ(IoPriority(), IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
  });
}

TEST(SetPriorityTest, SetsTheRestOfWhatItMayNot) {
  InAThread([] {
    // Of this thread alone; setresuid(3) is of all.
    if (getuid() == 0) {
      ASSERT_EQ(syscall(SYS_setresuid, kNobody, kNobody, kNobody), 0);
    }

    EXPECT_THAT(SetPriority({.nice = -5, .io_class = IoClass::kIdle}),
                StatusIs(absl::StatusCode::kPermissionDenied));

    EXPECT_EQ(IoPriority(), IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
  });
}

TEST(SetPriorityTest, ThreadsThatAreStartedLaterHaveItToo) {
  InAThread([] {
    ASSERT_THAT(SetPriority({.nice = 9}), IsOk());

    InAThread([] { EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 9); });
  });
}

}  // namespace
}  // namespace prepull
