// The finder with plugins that are real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/log.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;
using Found = absl::StatusOr<CredentialsToTry>;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kConfig[] = R"(apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: plugin
  matchImages: ["*.io"]
  defaultCacheDuration: 0s
  apiVersion: credentialprovider.kubelet.k8s.io/v1
  args: [get]
  env:
  - name: WHO
    value: me
)";

// A shell's words that answer with the user $WHO.
constexpr char kAnswer[] = R"(cat <<END
{"kind":"CredentialProviderResponse","cacheKeyType":"Image",
 "apiVersion":"credentialprovider.kubelet.k8s.io/v1",
 "auth":{"*.io":{"username":"$WHO","password":"hidden"}}}
END
)";

class PluginProcessTest : public ::testing::Test {
 protected:
  PluginProcessTest() {
    fs::create_directories(folder_ + "/bin");
    std::ofstream(folder_ + "/config.yaml") << kConfig;
    StartLog({.level = LogLevel::kDebug,
              .format = LogFormat::kText,
              .write = [this](absl::string_view line) {
                absl::StrAppend(&log_, line, "\n");
              }});
  }
  ~PluginProcessTest() override {
    finder_.reset();
    StartLog({.write = [](absl::string_view) {}});
    EXPECT_THAT(log_, Not(HasSubstr("hidden")));
    // No plugin was left behind, dead or alive.
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  void Make(const std::string& script,
            absl::Duration timeout = absl::Minutes(1)) {
    const std::string path = folder_ + "/bin/plugin";
    std::ofstream(path) << "#!/bin/sh\n" << script;
    chmod(path.c_str(), 0755);
    auto made =
        MakeCredentialFinder({.provider_config = folder_ + "/config.yaml",
                              .provider_bin_dir = folder_ + "/bin",
                              .provider_timeout = timeout},
                             files_, host_, clock_);
    ASSERT_THAT(made, IsOk());
    finder_ = *std::move(made);
  }

  std::future<Found> FindLater() {
    auto promise = std::make_shared<std::promise<Found>>();
    finder_->Find(
        Reference::Parse("a.io/team/app:1").value(), "",
        [promise](Found found) { promise->set_value(std::move(found)); });
    return promise->get_future();
  }

  void ExpectCredentials() {
    const Found found = FindLater().get();
    ASSERT_THAT(found, IsOk());
    EXPECT_THAT(found->credentials, Not(IsEmpty()));
  }

  // What comes of a plugin that fails.
  void ExpectWarning(const std::string& text) {
    const Found found = FindLater().get();
    ASSERT_THAT(found, IsOk());
    EXPECT_THAT(found->credentials, IsEmpty());
    EXPECT_THAT(found->unread,
                AllOf(HasSubstr("plugin plugin: "), HasSubstr(text)));
    EXPECT_THAT(log_, AllOf(HasSubstr("warn"), HasSubstr("plugin plugin: "),
                            HasSubstr(text)));
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  SystemFileSystem files_;
  SystemClock clock_;
  SystemHost host_{clock_};
  std::string log_;
  std::unique_ptr<CredentialFinder> finder_;
};

TEST_F(PluginProcessTest, GivesItsCredentials) {
  Make(std::string(R"(read -r request
case "$1 $request" in
  'get {'*'"image":"a.io/team/app"}') ;;
  *) exit 9 ;;
esac
echo looking >&2
)") + kAnswer);

  const Found found = FindLater().get();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->credentials,
              ElementsAre(Credential{.username = "me", .password = "hidden"}));
  EXPECT_THAT(log_, AllOf(HasSubstr("looking"), Not(HasSubstr("warn"))));
}

TEST_F(PluginProcessTest, IsEndedWhenItHangs) {
  Make("echo hidden; exec sleep 1000", absl::Milliseconds(300));

  ExpectWarning("timed out");
}

TEST_F(PluginProcessTest, IsEndedWithTheFinder) {
  Make("exec sleep 1000");
  auto found = FindLater();

  finder_.reset();

  EXPECT_THAT(found.get(), StatusIs(Code::kCancelled));
}

TEST_F(PluginProcessTest, MayFail) {
  Make("echo hidden; echo no network >&2; exit 1");

  ExpectWarning("exited with code 1");
  EXPECT_THAT(log_, HasSubstr("no network"));
}

TEST_F(PluginProcessTest, MayNotFloodItsOutput) {
  Make("exec yes hidden");

  ExpectWarning("output larger than 1048576 bytes");
}

TEST_F(PluginProcessTest, MayFloodItsErrors) {
  Make(std::string("yes trouble | head -c 2000000 >&2\n") + kAnswer);

  ExpectCredentials();
}

TEST_F(PluginProcessTest, MayCloseItsInputUnread) {
  Make(std::string("exec <&-\n") + kAnswer);

  ExpectCredentials();
}

TEST_F(PluginProcessTest, MayPrintGarbage) {
  Make("echo hidden");

  ExpectWarning("response: invalid JSON: expected an object");
}

TEST_F(PluginProcessTest, MayLeaveAGrandchildOnItsOutput) {
  Make(std::string("sleep 1000 &\n") + kAnswer);

  ExpectCredentials();
}

TEST_F(PluginProcessTest, MustBeExecutable) {
  Make(kAnswer);
  chmod((folder_ + "/bin/plugin").c_str(), 0644);

  ExpectWarning("bin/plugin: start: permission denied");
}

}  // namespace
}  // namespace prepull
