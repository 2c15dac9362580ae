#include "src/cli/compatibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;

// What PULL_SECRET_PATH means to fetch.
class PullSecretTest : public ::testing::Test {
 protected:
  PullSecretTest() { AddFetchFlags(command_, options_); }

  std::vector<std::string> ConfigsOf(const std::vector<std::string>& words,
                                     const std::string& path) {
    host_.environment["PULL_SECRET_PATH"] = path;
    EXPECT_THAT(command_.Parse(words, host_), IsOk());
    ApplyForeignEnvironment({.host = host_,
                             .files = files_,
                             .clock = clock_,
                             .console = console_,
                             .exit_hook = exit_hook_,
                             .announces_stop = announces_stop_,
                             .stop = {},
                             .started = clock_.Now()},
                            command_, options_);
    return options_.list.credentials.docker_configs;
  }

  FakeHost host_;
  FakeFileSystem files_;
  FakeClock clock_;
  Console console_{host_};
  ExitHook exit_hook_;
  std::atomic<bool> announces_stop_ = false;
  FetchOptions options_;
  Command command_{CommandDoc()};
};

TEST_F(PullSecretTest, IsAFileOfTheContainerWithoutAHostRoot) {
  EXPECT_THAT(ConfigsOf({"a:1"}, "/host/config.json"),
              ElementsAre("/host/config.json"));
}

TEST_F(PullSecretTest, IsAFileOfTheHostWithAHostRoot) {
  ASSERT_THAT(files_.WriteFileAtomically("/host/etc/config.json", ""), IsOk());

  EXPECT_THAT(ConfigsOf({"a:1", "--host-root=/host"}, "/etc/config.json"),
              ElementsAre("/host/etc/config.json"));
}

TEST_F(PullSecretTest, MayBeginWithTheHostRoot) {
  EXPECT_THAT(ConfigsOf({"a:1", "--host-root=/host/"}, "/host/etc/config.json"),
              ElementsAre("/host/etc/config.json"));
}

// A Secret that is mounted, as before.
TEST_F(PullSecretTest, IsAFileOfTheContainerIfTheHostHasNone) {
  EXPECT_THAT(ConfigsOf({"a:1", "--host-root=/host"}, "/etc/secret/a.json"),
              ElementsAre("/etc/secret/a.json"));
}

TEST_F(PullSecretTest, GivesWayToTheFlag) {
  EXPECT_THAT(ConfigsOf({"a:1", "--docker-config=b.json"}, "/a.json"),
              ElementsAre("b.json"));
}

}  // namespace
}  // namespace prepull
