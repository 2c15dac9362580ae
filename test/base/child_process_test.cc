#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/host.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A process that traces another one until it is let go.
class Tracer {
 public:
  // Whether it could.
  bool Seize(pid_t traced) {
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(hold_, O_CLOEXEC) != 0) {
      return false;
    }
    pid_ = fork();
    if (pid_ == 0) {
      close(hold_[1]);
      const bool seized = ptrace(PTRACE_SEIZE, traced, 0, 0) == 0;
      char byte = seized ? 'y' : 'n';
      if (write(ready[1], &byte, 1) != 1) _exit(1);
      if (read(hold_[0], &byte, 1) != 0) _exit(1);
      _exit(0);
    }
    char answer = 'n';
    const ssize_t count = read(ready[0], &answer, 1);
    close(ready[0]);
    close(ready[1]);
    return count == 1 && answer == 'y';
  }

  void LetGo() {
    if (pid_ < 0) return;
    close(hold_[0]);
    close(hold_[1]);
  }

 private:
  pid_t pid_ = -1;
  int hold_[2] = {-1, -1};
};

// Programs are small shell scripts in a folder of the test's own.
class RunChildTest : public ::testing::Test {
 protected:
  ~RunChildTest() override {
    // No child was left behind, dead or alive.
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  std::string Script(const std::string& text) const {
    const std::string path = folder_ + "/child";
    std::ofstream(path) << "#!/bin/sh\n" << text;
    chmod(path.c_str(), 0755);
    return path;
  }

  absl::StatusOr<ChildOutput> Run(ChildCommand command,
                                  absl::Duration limit = absl::Minutes(1)) {
    command.on_error_line = [this](absl::string_view line) {
      error_lines_.emplace_back(line);
    };
    return host_.RunChild(command, clock_.Now() + limit, stop_.get_token());
  }

  absl::StatusOr<ChildOutput> RunScript(
      const std::string& text, absl::Duration limit = absl::Minutes(1)) {
    return Run({.program = Script(text)}, limit);
  }

  static size_t OpenDescriptors() {
    size_t count = 0;
    for ([[maybe_unused]] const auto& fd :
         fs::directory_iterator("/proc/self/fd")) {
      ++count;
    }
    return count;
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  SystemClock clock_;
  SystemHost host_{clock_};
  std::stop_source stop_;
  std::vector<std::string> error_lines_;
};

auto Output(const std::string& text, int exit_code = 0) {
  return AllOf(Field("output", &ChildOutput::output, text),
               Field("exit_code", &ChildOutput::exit_code, exit_code));
}

TEST_F(RunChildTest, GivesInputAndArgumentsAndTakesTheOutput) {
  const auto child = Run({.program = Script("printf '%s|' \"$1\" \"$2\"; cat"),
                          .arguments = {"a b", "$HOME"},
                          .input = "a request\n"});

  EXPECT_THAT(child, IsOkAndHolds(Output("a b|$HOME|a request\n")));
}

TEST_F(RunChildTest, ReportsTheExitCode) {
  EXPECT_THAT(RunScript("echo half; exit 3"),
              IsOkAndHolds(Output("half\n", 3)));
}

TEST_F(RunChildTest, ReportsASignalAsShellsDo) {
  EXPECT_THAT(RunScript("kill -TERM $$"), IsOkAndHolds(Output("", 143)));
}

TEST_F(RunChildTest, SaysWhyAProgramDoesNotStart) {
  const std::string plain = folder_ + "/plain";
  std::ofstream(plain) << "#!/bin/sh\n";

  EXPECT_THAT(Run({.program = folder_ + "/none"}),
              StatusIs(Code::kNotFound, "start: no such file or directory"));
  EXPECT_THAT(Run({.program = plain}),
              StatusIs(Code::kPermissionDenied, "start: permission denied"));
}

TEST_F(RunChildTest, GivesOurEnvironmentButNotWhatIsPrepulls) {
  setenv("PREPULL_DOCKER_CONFIG", "ours", 1);
  setenv("AUTH_TEST_KEPT", "kept", 1);
  setenv("AUTH_TEST_CHANGED", "old", 1);

  const auto child =
      Run({.program = Script("echo ${PREPULL_DOCKER_CONFIG-none} "
                             "$AUTH_TEST_KEPT $AUTH_TEST_CHANGED $ADDED"),
           .environment = {{"AUTH_TEST_CHANGED", "new"}, {"ADDED", "a=b"}}});

  unsetenv("PREPULL_DOCKER_CONFIG");
  unsetenv("AUTH_TEST_KEPT");
  unsetenv("AUTH_TEST_CHANGED");
  EXPECT_THAT(child, IsOkAndHolds(Output("none kept new a=b\n")));
}

TEST_F(RunChildTest, HandsOnItsErrorsLineByLine) {
  const auto child = RunScript("echo one >&2; echo; printf 'two\\nlast' >&2");

  EXPECT_THAT(child, IsOkAndHolds(Output("\n")));
  EXPECT_THAT(error_lines_, ElementsAre("one", "two", "last"));
}

TEST_F(RunChildTest, IsNotDrownedInErrors) {
  const auto child = RunScript(
      "head -c 5000 /dev/zero | tr '\\0' x >&2; echo >&2\n"
      "yes error | head -c 3000000 >&2; echo done");

  EXPECT_THAT(child, IsOkAndHolds(Output("done\n")));
  EXPECT_THAT(error_lines_, SizeIs(100));
  EXPECT_THAT(error_lines_, Each(SizeIs(::testing::Le(1024))));
}

TEST_F(RunChildTest, EndsWhoFloodsTheOutput) {
  ChildCommand command = {.program = Script("exec yes secret"),
                          .output_limit_bytes = 100'000};

  EXPECT_THAT(
      Run(std::move(command)),
      StatusIs(Code::kInvalidArgument, "output larger than 100000 bytes"));
}

TEST_F(RunChildTest, EndsWhoTakesTooLong) {
  EXPECT_THAT(RunScript("echo secret; echo late >&2; exec sleep 1000",
                        absl::Milliseconds(300)),
              StatusIs(Code::kDeadlineExceeded, "timed out"));
  EXPECT_THAT(error_lines_, ElementsAre("late"));
}

TEST_F(RunChildTest, EndsWhoClosesItsStreamsAndStays) {
  EXPECT_THAT(
      RunScript("exec sleep 1000 <&- >&- 2>&-", absl::Milliseconds(300)),
      StatusIs(Code::kDeadlineExceeded));
}

TEST_F(RunChildTest, EndsTheChildWhenAskedToStop) {
  ChildCommand command = {.program = Script("echo up >&2; exec sleep 1000")};
  command.on_error_line = [this](absl::string_view) { stop_.request_stop(); };

  const auto child =
      host_.RunChild(command, Instant::Never(), stop_.get_token());

  EXPECT_THAT(child, StatusIs(Code::kCancelled));
}

TEST_F(RunChildTest, DoesNotWaitForAGrandchildThatKeepsTheOutput) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // as process 1 of a container is

  const auto child = RunScript("sleep 1000 & echo $!");

  prctl(PR_SET_CHILD_SUBREAPER, 0);
  ASSERT_THAT(child, IsOk());
  EXPECT_EQ(child->exit_code, 0);
  pid_t grandchild = 0;
  ASSERT_TRUE(absl::SimpleAtoi(child->output, &grandchild));
  EXPECT_NE(kill(grandchild, 0), 0);  // gone, and buried
}

TEST_F(RunChildTest, IsNotHurtByWhoDoesNotReadItsInput) {
  ChildCommand command = {.program = Script("exec <&-; echo fine"),
                          .input = std::string(4096, 'x')};

  EXPECT_THAT(Run(std::move(command)), IsOkAndHolds(Output("fine\n")));
}

TEST_F(RunChildTest, RefusesMoreInputThanAPipeHolds) {
  ChildCommand command = {.program = Script("cat"),
                          .input = std::string(4097, 'x')};

  EXPECT_THAT(Run(std::move(command)), StatusIs(Code::kInvalidArgument));
}

TEST_F(RunChildTest, LeavesAndHandsOnNoDescriptors) {
  const int leak = open("/dev/null", O_RDONLY);  // not close-on-exec
  const size_t before = OpenDescriptors();

  const auto child = RunScript("ls /proc/$$/fd");

  EXPECT_EQ(OpenDescriptors(), before);
  ASSERT_THAT(child, IsOk());
  EXPECT_THAT(child->output, Not(HasSubstr(absl::StrCat("\n", leak, "\n"))));
  EXPECT_THAT(child->output, StartsWith("0\n1\n"));
  close(leak);
}

TEST_F(RunChildTest, GivesTheChildItsSignalsBack) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);

  const auto child = RunScript("kill -TERM $$; echo blocked");

  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(child, IsOkAndHolds(Output("", 143)));
}

// One that the kernel keeps, as for a file server that hangs: played by a
// tracer that does not let its parent have the dead child.
TEST_F(RunChildTest, LeavesBehindWhatDoesNotDie) {
  Tracer tracer;
  std::stop_source stop;
  bool is_traced = false;
  ChildCommand command = {.program = Script("echo $$ >&2; exec sleep 1000")};
  command.on_error_line = [&](absl::string_view line) {
    pid_t child = 0;
    is_traced = absl::SimpleAtoi(line, &child) && tracer.Seize(child);
    stop.request_stop();
  };
  const Instant begun = clock_.Now();

  const auto child =
      host_.RunChild(command, Instant::Never(), stop.get_token());

  const absl::Duration took = clock_.Now() - begun;
  tracer.LetGo();
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  if (!is_traced) GTEST_SKIP() << "may not trace";
  EXPECT_THAT(child, StatusIs(Code::kCancelled));
  EXPECT_LT(took, absl::Seconds(10));
}

TEST_F(RunChildTest, RunsManyAtOnce) {
  const std::string program = Script("cat");
  std::vector<std::thread> threads;
  std::vector<absl::StatusOr<ChildOutput>> children(8);
  for (size_t i = 0; i < children.size(); ++i) {
    threads.emplace_back([this, &program, &children, i] {
      const ChildCommand command = {.program = program,
                                    .input = absl::StrCat(i)};
      children[i] =
          host_.RunChild(command, Instant::Never(), stop_.get_token());
    });
  }
  for (std::thread& thread : threads) thread.join();

  for (size_t i = 0; i < children.size(); ++i) {
    EXPECT_THAT(children[i], IsOkAndHolds(Output(absl::StrCat(i))));
  }
}

}  // namespace
}  // namespace prepull
