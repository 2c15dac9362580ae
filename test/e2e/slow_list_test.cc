// A list that takes longer to come than the runtime is given to answer: the
// runtime's time begins when it is asked.
#include <atomic>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "src/cli/app.h"
#include "src/cli/command_context.h"
#include "src/cli/console.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/fake_host.h"

namespace prepull {
namespace {

class SlowListTest : public E2eTest {
 protected:
  // How a command ends of which the process began so long ago.
  ExitCode RunLate(const std::vector<std::string>& words) {
    return RunApp(words, {.host = host_,
                          .files = files_,
                          .clock = clock_,
                          .console = console_,
                          .exit_hook = exit_hook_,
                          .announces_stop = announces_stop_,
                          .stop = std::stop_token(),
                          .started = clock_.Now() - absl::Minutes(5)});
  }

  SystemClock clock_;
  SystemFileSystem files_;
  FakeHost host_;
  Console console_{host_};
  ExitHook exit_hook_;
  std::atomic<bool> announces_stop_ = true;
};

TEST_F(SlowListTest, CheckAsksTheRuntimeAllTheSame) {
  server_.Store("quay.io/a:1");

  EXPECT_EQ(RunLate({"check", "--cri-socket", server_.socket(), "quay.io/a:1"}),
            ExitCode::kOk);
}

TEST_F(SlowListTest, UnpinAsksTheRuntimeAllTheSame) {
  server_.Store("quay.io/a:1");

  // It has no pins to take back: that is 1, and no runtime would be 4.
  EXPECT_EQ(RunLate({"unpin", "--cri-socket", server_.socket(), "quay.io/a:1"}),
            ExitCode::kImagesFailed);
}

}  // namespace
}  // namespace prepull
