// What other tools' manifests give to prepull, and what a pod leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <map>

#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class PeersTest : public E2eTest {
 protected:
  // Runs a fetch whose only words are the socket and the status file.
  Ended FetchWith(std::map<std::string, std::string> environment,
                  std::vector<std::string> words = {}) {
    return RunProcess({.arguments = FetchWords(std::move(words)),
                       .environment = std::move(environment)});
  }
};

// As image-prefetcher's DaemonSet has them, with metrics and on GKE.
TEST_F(PeersTest, TakesImagePrefetchersArguments) {
  const std::string secret =
      folder_.Write(".dockerconfigjson", R"({"auths":{}})");
  const std::string providers =
      folder_.Write("cri_auth_config.yaml",
                    "apiVersion: kubelet.config.k8s.io/v1\n"
                    "kind: CredentialProviderConfig\n"
                    "providers:\n"
                    "- name: auth-provider-gcp\n"
                    "  apiVersion: credentialprovider.kubelet.k8s.io/v1\n"
                    "  matchImages: [gcr.io, \"*.gcr.io\", \"*.pkg.dev\"]\n"
                    "  defaultCacheDuration: 1m\n"
                    "  args: [get-credentials]\n");

  const Ended ended = RunProcess(
      {.arguments = {
           "fetch", "--docker-config=" + secret,
           "--image-list-file=" + ListOf(2), "--cri-socket=" + server_.socket(),
           "--metrics-endpoint=images-metrics:8443",
           "--image-credential-provider-config=" + providers,
           "--image-credential-provider-bin-dir=" + folder_.Path(""),
           "--image-list-timeout=1m", "--initial-pull-attempt-timeout=30s",
           "--max-pull-attempt-timeout=5m", "--overall-timeout=20m",
           "--initial-pull-attempt-delay=1s", "--max-pull-attempt-delay=10m",
           "--debug"}});

  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("2 of 2 images present"));
  EXPECT_THAT(ended.err, HasSubstr("warn attempts not submitted "));
}

// As lifecycle-agent's Job has it.
TEST_F(PeersTest, TakesLifecycleAgentsEnvironment) {
  const std::string secret = folder_.Write("config.json", R"({"auths":{}})");
  server_.Script("quay.io/a:2", {MissingImage()});

  const Ended ended = FetchWith({{"PRECACHE_SPEC_FILE", ListOf(3)},
                                 {"MAX_PULL_THREADS", "7"},
                                 {"PULL_SECRET_PATH", secret},
                                 {"PRECACHE_BEST_EFFORT", "TRUE"}});

  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("concurrency=7"));
  EXPECT_EQ(Status("/total"), "3");
  EXPECT_EQ(Status("/pulled"), "2");
  EXPECT_EQ(Status("/failed"), "1");
  EXPECT_EQ(Status("/tolerated"), "true");
}

TEST_F(PeersTest, OnlyTheWordTrueIsBestEffort) {
  server_.Script("quay.io/a:1", {MissingImage()});

  for (const std::string value : {"true", "1", "yes", ""}) {
    const Ended ended =
        FetchWith({{"PRECACHE_BEST_EFFORT", value}}, {"quay.io/a:1"});
    EXPECT_EQ(ended.code, 1) << value;
  }
}

TEST_F(PeersTest, OurOwnFlagsAndVariablesComeFirst) {
  const Ended ended = FetchWith({{"PRECACHE_SPEC_FILE", "/nowhere"},
                                 {"MAX_PULL_THREADS", "7"},
                                 {"PREPULL_CONCURRENCY", "3"}},
                                {"quay.io/a:1"});

  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("concurrency=3"));
}

TEST_F(PeersTest, OurOwnDefaultsComeFirstWhereTheyAreGiven) {
  const std::map<std::string, std::string> theirs = {
      {"MAX_PULL_THREADS", "7"}, {"PRECACHE_BEST_EFFORT", "TRUE"}};
  std::map<std::string, std::string> both = theirs;
  both["PREPULL_CONCURRENCY"] = "auto";
  both["PREPULL_BEST_EFFORT"] = "false";
  server_.ScriptTheRest(MissingImage());

  const Ended by_flags = FetchWith(
      theirs, {"--concurrency=auto", "--best-effort=false", "quay.io/a:1"});
  const Ended by_variables = FetchWith(both, {"quay.io/a:1"});

  for (const Ended& ended : {by_flags, by_variables}) {
    EXPECT_EQ(ended.code, 1) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("concurrency=10"));
  }
}

TEST_F(PeersTest, AnInvalidNumberOfThreadsIsAWarning) {
  for (const std::string threads : {"0", "-3", "many", "65"}) {
    const Ended ended =
        FetchWith({{"MAX_PULL_THREADS", threads}}, {"quay.io/a:1"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(
        ended.err,
        AllOf(HasSubstr("warn MAX_PULL_THREADS is ignored: expected 1 to 64"),
              HasSubstr("concurrency=10")));
  }
}

TEST_F(PeersTest, LeavesItsLastWordsWhereTheKubeletLooks) {
  const std::string log = folder_.Write("termination-log", "");
  server_.Script("quay.io/a:gone", {MissingImage()});

  FetchWith({}, {"--termination-log", log, "quay.io/a:1", "quay.io/a:gone"});

  EXPECT_THAT(ReadAll(log),
              AllOf(StartsWith("1 of 2 images present; 1 failed"),
                    HasSubstr("failed   quay.io/a:gone  NotFound")));
}

TEST_F(PeersTest, MakesNoTerminationLogWhereThereIsNone) {
  const std::string log = folder_.Path("none");

  const Ended ended = FetchWith({}, {"--termination-log", log, "quay.io/a:1"});

  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ReadAll(log), "");
  EXPECT_THAT(ended.err, Not(HasSubstr("warn")));
}

TEST_F(PeersTest, RunsAsNiceAsItWasTold) {
  server_.Script("quay.io/a:1", {Forever()});
  PrepullProcess fetch(
      FetchSetup({"--nice", "11", "--ionice-class", "idle", "quay.io/a:1"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));

  EXPECT_EQ(getpriority(PRIO_PROCESS, fetch.pid()), 11);
  EXPECT_EQ(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, fetch.pid()),
            IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));

  server_.Release();
  EXPECT_EQ(fetch.Wait().code, 0);
}

TEST_F(PeersTest, APriorityOutOfRangeIsBadInput) {
  for (const std::string word :
       {"--nice=20", "--nice=-21", "--nice=x", "--ionice-class=best",
        "--ionice-priority=8", "--ionice-priority=-1"}) {
    EXPECT_EQ(FetchWith({}, {word, "quay.io/a:1"}).code, 2) << word;
  }
}

}  // namespace
}  // namespace prepull
