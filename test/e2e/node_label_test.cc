// fetch --node-label against an API server over TLS: what is asked of it, and
// that nothing it does changes the run.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "test/support/cri/api_server_test_base.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Then = HttpReply::Then;

constexpr absl::Duration kStopIsDue = absl::Seconds(5);

class NodeLabelE2eTest : public ApiServerE2eTest {
 protected:
  ProcessSetup LabelSetup(std::vector<std::string> words,
                          const std::string& label = "x/y") {
    words.insert(words.end(), {"--node-label", label});
    return PodSetup(std::move(words));
  }
  Ended FetchAndLabel(std::vector<std::string> words,
                      const std::string& label = "x/y") {
    return RunProcess(LabelSetup(std::move(words), label));
  }

  // The bodies of the patches.
  std::vector<std::string> Patches() const { return BodiesTo("/nodes/"); }
  static std::string PatchTo(const std::string& value,
                             const std::string& key = "x/y") {
    return absl::StrCat(R"({"metadata":{"labels":{")", key, "\":\"", value,
                        "\"}}}");
  }
};

TEST_F(NodeLabelE2eTest, PatchesTheNodeAfterTheRun) {
  api_.Script({Answer("200 OK", std::string(2 << 20, ' '))});

  const Ended ended = FetchAndLabel({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(
      api_.requests(),
      ElementsAre(absl::StrCat(
          "PATCH /api/v1/nodes/worker-1 HTTP/1.1\r\nUser-Agent: prepull\r\n"
          "Authorization: Bearer first-token\r\nAccept: application/json\r\n"
          "Content-Type: application/merge-patch+json\r\nHost: 127.0.0.1:",
          api_.port(),
          "\r\nConnection: close\r\nContent-Length: 43\r\n\r\n"
          R"({"metadata":{"labels":{"x/y":"succeeded"}}})")));
  EXPECT_THAT(ended.err, HasSubstr("info node labelled node=worker-1 key=x/y "
                                   "value=succeeded\n"));
}

TEST_F(NodeLabelE2eTest, SaysFailedWhateverTheFailureWas) {
  server_.Script("quay.io/a:gone", {MissingImage()});

  EXPECT_THAT(FetchAndLabel({"quay.io/a:gone"}), ExitsWith(1));
  EXPECT_THAT(FetchAndLabel({"--image-list-file", folder_.Path("none")}),
              ExitsWith(2));
  server_.Stop();
  EXPECT_THAT(FetchAndLabel({"quay.io/a:1"}), ExitsWith(4));

  EXPECT_THAT(Patches(), ElementsAre(PatchTo("failed"), PatchTo("failed"),
                                     PatchTo("failed")));
}

TEST_F(NodeLabelE2eTest, SaysIncompleteAfterTheDeadline) {
  server_.ScriptTheRest(Forever());

  EXPECT_THAT(FetchAndLabel({"quay.io/a:1", "--overall-timeout", "300ms"},
                            "x/y=good,bad,later"),
              ExitsWith(3));
  EXPECT_THAT(Patches(), ElementsAre(PatchTo("later")));
  EXPECT_EQ(Status("/phase"), "TimedOut");
}

TEST_F(NodeLabelE2eTest, SaysIncompleteWhenItIsStopped) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(LabelSetup({"quay.io/a:1"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kStopIsDue));
  EXPECT_THAT(Patches(), ElementsAre(PatchTo("incomplete")));
}

TEST_F(NodeLabelE2eTest, StopsInTimeThoughTheApiServerHangs) {
  api_.Script({{.then = Then::kHang}});
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(LabelSetup({"quay.io/a:1"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kStopIsDue));
  EXPECT_THAT(ended.err, HasSubstr("read response: timed out"));
}

TEST_F(NodeLabelE2eTest, EndsAtOnceAtASecondSignalThatComesLater) {
  api_.Script({{.then = Then::kHang}});
  const std::string last_words = folder_.Write("termination-log", "");
  PrepullProcess fetch(
      LabelSetup({"quay.io/a:1", "--termination-log", last_words}));
  ASSERT_TRUE(api_.WaitUntilAsked(1));
  const std::string message = ReadAll(last_words);

  fetch.Signal(SIGTERM);
  ASSERT_TRUE(fetch.WaitForOutput("stopping (again to force)"));
  SignalUntilItEnds(fetch, SIGTERM);

  EXPECT_THAT(fetch.Wait().err, Not(HasSubstr("node not labelled")));
  EXPECT_THAT(message, HasSubstr(R"("code":0,"n":[1,1,0,0,0])"));
  EXPECT_EQ(ReadAll(last_words), message);
}

TEST_F(NodeLabelE2eTest, KeepsItsExitCodeThoughTheApiServerNeverAnswers) {
  api_.Script({{.then = Then::kHang}});
  const absl::Time began = absl::Now();

  const Ended ended = FetchAndLabel({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(absl::Now() - began, Lt(absl::Seconds(15)));
  EXPECT_THAT(api_.requests(), SizeIs(Gt(1)));
  EXPECT_THAT(ended.err, HasSubstr(absl::StrCat(
                             "warn node not labelled node=worker-1 key=x/y "
                             "value=succeeded error=\"PATCH 127.0.0.1:",
                             api_.port(), ": read response: timed out\"\n")));
}

TEST_F(NodeLabelE2eTest, TakesTheTokenThatTookThePlaceOfTheFirst) {
  HttpReply refusal = Answer("401 Unauthorized");
  refusal.drip = absl::Milliseconds(20);  // leaves the time to replace it
  api_.Script({refusal, Answer("200 OK")});
  PrepullProcess fetch(LabelSetup({"quay.io/a:1"}));
  ASSERT_TRUE(api_.WaitUntilAsked(1));
  folder_.Write("token", "second-token\n");

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_THAT(api_.requests(),
              ElementsAre(HasSubstr("Bearer first-token\r\n"),
                          HasSubstr("Bearer second-token\r\n")));
}

TEST_F(NodeLabelE2eTest, TriesAgainAfterAConflict) {
  api_.Script({Answer("409 Conflict"), Answer("200 OK")});

  EXPECT_THAT(FetchAndLabel({"quay.io/a:1"}), ExitsWith(0));
  EXPECT_THAT(Patches(),
              ElementsAre(PatchTo("succeeded"), PatchTo("succeeded")));
}

TEST_F(NodeLabelE2eTest, SaysWhichPermissionIsMissing) {
  api_.Script({Answer("403 Forbidden",
                      R"({"kind":"Status","message":"nodes is forbidden"})")});

  const Ended ended = FetchAndLabel({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(api_.requests(), SizeIs(1));
  EXPECT_THAT(ended.err,
              HasSubstr("the API server answered 403: nodes is forbidden (the "
                        "account needs \\\"patch\\\" on "
                        "\\\"nodes\\\")"));
}

TEST_F(NodeLabelE2eTest, TrustsOnlyTheClustersAuthority) {
  folder_.Write("ca.crt", CertificateAuthority().pem());

  const Ended ended = FetchAndLabel({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(api_.requests(), IsEmpty());
  EXPECT_THAT(ended.err, HasSubstr("certificate verification failed: "
                                   "unable to get local issuer"));
}

TEST_F(NodeLabelE2eTest, ShowsTheTokenNowhere) {
  api_.Script({Answer("500 Internal Server Error",
                      R"({"kind":"Status","message":"Bearer first-token"})"),
               Answer("400 Bad Request",
                      R"({"kind":"Status","message":"Bearer first-token"})")});

  const Ended ended = FetchAndLabel({"quay.io/a:1", "--log-level", "debug"});

  EXPECT_THAT(ended.err, AllOf(HasSubstr("debug node label retry"),
                               HasSubstr("warn node not labelled"),
                               Not(HasSubstr("first-token"))));
  EXPECT_THAT(ended.out, Not(HasSubstr("first-token")));
  EXPECT_THAT(ReadAll(status_path()), Not(HasSubstr("first-token")));
}

TEST_F(NodeLabelE2eTest, TakesImagePrefetchersKey) {
  ProcessSetup setup = LabelSetup({"quay.io/a:1"}, "auto");
  setup.environment["INSTANCE_NAME"] = "my images";

  EXPECT_THAT(RunProcess(setup), ExitsWith(0));
  EXPECT_THAT(Patches(),
              ElementsAre(PatchTo("succeeded",
                                  "image-prefetcher.stackrox.io/my-images")));
}

TEST_F(NodeLabelE2eTest, WarnsThatTheInstanceHasNoName) {
  const Ended ended = FetchAndLabel({"quay.io/a:1"}, "auto");

  EXPECT_THAT(Patches(),
              ElementsAre(PatchTo("succeeded",
                                  "image-prefetcher.stackrox.io/prefetcher")));
  EXPECT_THAT(ended.err, HasSubstr("warn INSTANCE_NAME is not set"));
}

TEST_F(NodeLabelE2eTest, RunsWithoutAnApiServer) {
  ProcessSetup setup = LabelSetup({"quay.io/a:1"});
  setup.environment.erase("KUBERNETES_SERVICE_HOST");

  const Ended ended = RunProcess(setup);

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.err,
              HasSubstr("warn no API server: the node gets no label "
                        "error=\"KUBERNETES_SERVICE_HOST is not set\"\n"));
  EXPECT_THAT(ended.err, Not(HasSubstr("node not labelled")));
}

TEST_F(NodeLabelE2eTest, AsksForNoNodeThatCannotBe) {
  const Ended ended = FetchAndLabel({"quay.io/a:1", "--node", "../pods"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(api_.requests(), IsEmpty());
  EXPECT_THAT(ended.err, HasSubstr("warn no name of a Node: it gets no label "
                                   "node=../pods\n"));
}

TEST_F(NodeLabelE2eTest, PatchesNothingInADryRun) {
  EXPECT_THAT(FetchAndLabel({"quay.io/a:1", "--dry-run"}), ExitsWith(0));
  EXPECT_THAT(
      FetchAndLabel({"--image-list-file", folder_.Path("none"), "--dry-run"}),
      ExitsWith(2));

  EXPECT_THAT(api_.requests(), IsEmpty());
}

TEST_F(NodeLabelE2eTest, RefusesAKeyThatIsNone) {
  const Ended ended = FetchAndLabel({"quay.io/a:1"}, "a key");

  EXPECT_THAT(ended, ExitsWith(2));
  EXPECT_THAT(
      ended.err,
      EndsWith("prepull: --node-label: invalid label key \"a key\": expected "
               "[PREFIX/]NAME, NAME of up to 63 letters, digits, - _ "
               ".\n"));
  EXPECT_THAT(server_.pulls(), IsEmpty());
}

TEST_F(NodeLabelE2eTest, TakesTheLabelFromTheEnvironment) {
  ProcessSetup setup = LabelSetup({"quay.io/a:1"});
  setup.arguments = FetchWords({"quay.io/a:1"});
  setup.environment["PREPULL_NODE_LABEL"] = "z=good";
  setup.environment["PREPULL_SERVICE_ACCOUNT_DIR"] = folder_.Path("");

  EXPECT_THAT(RunProcess(setup), ExitsWith(0));
  EXPECT_THAT(Patches(), ElementsAre(PatchTo("good", "z")));
}

// A network of its own, whose only name server takes questions and never
// answers. System calls only: this runs between fork and exec.
void EnterANetworkWithoutNames(const char* resolv_conf) {
  const auto require = [](bool holds) {
    if (!holds) _exit(99);
  };
  require(unshare(CLONE_NEWNET | CLONE_NEWNS) == 0);
  require(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
  require(mount(resolv_conf, "/etc/resolv.conf", nullptr, MS_BIND, nullptr) ==
          0);
  const int server = socket(AF_INET, SOCK_DGRAM, 0);  // stays open
  ifreq loopback = {};
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  loopback.ifr_flags = IFF_UP;
  require(ioctl(server, SIOCSIFFLAGS, &loopback) == 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(bind(server, reinterpret_cast<sockaddr*>(&address),
               sizeof(address)) == 0);
}

TEST_F(NodeLabelE2eTest, StopsInTimeThoughNoNameServerAnswers) {
  if (getuid() != 0) GTEST_SKIP() << "needs root for a network of its own";
  const std::string resolv_conf = folder_.Write(
      "resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
  server_.ScriptTheRest(Forever());
  ProcessSetup setup = LabelSetup({"quay.io/a:1"});
  setup.environment["KUBERNETES_SERVICE_HOST"] = "kubernetes.default.svc";
  setup.in_child = [&] { EnterANetworkWithoutNames(resolv_conf.c_str()); };
  PrepullProcess fetch(setup);
  ASSERT_TRUE(server_.WaitUntilRunning(1)) << fetch.err();
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kStopIsDue));
  EXPECT_THAT(ended.err, HasSubstr("resolve host: timed out"));
}

}  // namespace
}  // namespace prepull
