#include "src/cli/drop_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/cli/compatibility.h"
#include "src/cli/fetch_options.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kAuthorities[] =
    "/host/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";

auto Says(LogLevel level, const std::string& text) {
  return Contains(AllOf(Field(&Notice::level, level),
                        Field(&Notice::text, HasSubstr(text))));
}

class DropInTest : public ::testing::Test {
 protected:
  DropInTest() {
    EXPECT_THAT(files_.WriteFileAtomically(kAuthorities, "PEM"), IsOk());
  }

  absl::StatusOr<ShellCall> Read(const std::vector<std::string>& arguments) {
    return ReadShellCall(arguments, host_, files_);
  }

  ShellCall Talm() { return *Read({"-c", "/opt/precache/precache.sh"}); }

  ShellCall Lca(const std::string& numbers = "0 2 4") {
    const std::vector<std::string> n = absl::StrSplit(numbers, ' ');
    return *Read({"-c", "--",
                  "nice -n " + n[0] + " ionice -c " + n[1] + " -n " + n[2] +
                      " lca-cli ibu-precache-workload"});
  }

  FakeHost host_;
  FakeFileSystem files_;
};

TEST(ShellNameTest, IsTheLastPartOfThePath) {
  for (const char* shell : {"sh", "bash", "/bin/sh", "/usr/bin/bash"}) {
    EXPECT_TRUE(IsShellName(shell)) << shell;
  }
  for (const char* other :
       {"prepull", "/prepull", "", "/bin/", "sh/prepull", "dash", "/sh/"}) {
    EXPECT_FALSE(IsShellName(other)) << other;
  }
}

TEST_F(DropInTest, DoesForTalmWhatItsScriptDoes) {
  EXPECT_THAT(
      Talm().words,
      ElementsAre("fetch", "--precache-spec=/etc/config",
                  "--cri-socket=/host/run/crio/crio.sock", "--host-root=/host",
                  "--docker-config=/host/var/lib/kubelet/config.json",
                  "--overall-timeout=24h",
                  "--registry-ca=/host/etc/pki/ca-trust/extracted/pem/"
                  "tls-ca-bundle.pem"));
}

TEST_F(DropInTest, SaysInWhosePlaceItRunsWhat) {
  EXPECT_THAT(Talm().notices,
              Says(LogLevel::kInfo,
                   "in place of TALM's pre-cache: prepull fetch --precache"));
}

TEST_F(DropInTest, GoesOnWithoutTheNodesAuthorities) {
  files_.Remove(kAuthorities);

  const ShellCall call = Talm();

  EXPECT_THAT(call.words, Not(Contains(StartsWith("--registry-ca"))));
  EXPECT_THAT(call.notices, Says(LogLevel::kWarn, kAuthorities));
}

// common.sh: these are the names that its script reads.
TEST_F(DropInTest, ReadsTalmsVariables) {
  host_.environment = {{"pull_secret_path", "/etc/other.json"},
                       {"PRE_CACHE_LOG_LEVEL", "2"},
                       {"config_volume_path", "/tmp/precache/config"}};

  EXPECT_THAT(Talm().words,
              AllOf(Contains("--docker-config=/host/etc/other.json"),
                    Contains("--log-level=debug"),
                    Contains("--precache-spec=/etc/config")));
}

TEST_F(DropInTest, DoesForLifecycleAgentWhatItsWorkloadDoes) {
  EXPECT_THAT(
      Lca("-5 3 7").words,
      ElementsAre("fetch", "--cri-socket=/host/run/crio/crio.sock",
                  "--host-root=/host",
                  "--docker-config=/host/var/lib/kubelet/config.json",
                  "--overall-timeout=24h",
                  "--status-file=/host/var/lib/lca/workspace/"
                  "precache_status.json",
                  "--nice=-5", "--ionice-class=idle", "--ionice-priority=7"));
}

TEST_F(DropInTest, SaysThatPrioritiesDoNotReachTheRuntime) {
  EXPECT_THAT(Lca().notices, Says(LogLevel::kInfo, "do not reach the runtime"));
}

TEST_F(DropInTest, TakesThePullSecretFromTheHost) {
  host_.environment["PULL_SECRET_PATH"] = "/root/pull.json";
  EXPECT_THAT(Lca().words, Contains("--docker-config=/host/root/pull.json"));

  // As it had to be written before.
  host_.environment["PULL_SECRET_PATH"] = "/host/root/pull.json";
  EXPECT_THAT(Lca().words, Contains("--docker-config=/host/root/pull.json"));
}

// An operator copies its variables into the Job.
TEST_F(DropInTest, LeavesAFlagToItsOwnVariable) {
  host_.environment["PREPULL_OVERALL_TIMEOUT"] = "1h";

  EXPECT_THAT(Lca().words, Not(Contains(StartsWith("--overall-timeout"))));
}

TEST_F(DropInTest, GivesFetchOnlyWhatFetchTakes) {
  for (const ShellCall& call : {Talm(), Lca("19 1 0"), Lca("-20 0 7")}) {
    FetchOptions options;
    Command fetch{CommandDoc()};
    AddFetchFlags(fetch, options);
    const std::vector<std::string> flags(call.words.begin() + 1,
                                         call.words.end());

    EXPECT_THAT(fetch.ParseWords(flags), IsOk());
  }
}

TEST_F(DropInTest, UnderstandsNothingElse) {
  const std::vector<std::vector<std::string>> others = {
      {},
      {"-c"},
      {"/opt/precache/precache.sh"},
      {"-x", "/opt/precache/precache.sh"},
      {"-c", "/opt/precache/precache.sh", "more"},
      {"-c", "/opt/precache/other.sh"},
      {"-c", "--", "lca-cli ibu-precache-workload"},
      {"-c", "nice -n 0 ionice -c 2 -n 4 lca-cli ibu-precache-workload; ls"},
      {"-c", "nice -n a ionice -c 2 -n 4 lca-cli ibu-precache-workload"},
      {"-c", "nice -n 0 ionice -c 4 -n 4 lca-cli ibu-precache-workload"},
      {"-c", "nice -n 0 ionice -c 2 -n 4 lca-cli restore"},
      {"-c", "nice -c 0 ionice -n 2 -n 4 lca-cli ibu-precache-workload"},
      {"fetch", "quay.io/a:1"}};
  for (const std::vector<std::string>& arguments : others) {
    EXPECT_THAT(
        Read(arguments).status(),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 AllOf(HasSubstr("(TALM)"), HasSubstr("(lifecycle-agent)"))));
  }
}

}  // namespace
}  // namespace prepull
