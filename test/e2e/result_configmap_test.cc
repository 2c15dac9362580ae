// fetch --result-configmap against an API server over TLS: what is asked of it,
// and that nothing it does changes the run.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "test/support/cri/api_server_test_base.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ResultConfigMapE2eTest : public ApiServerE2eTest {
 protected:
  ProcessSetup ResultSetup(std::vector<std::string> words) {
    words.insert(words.end(), {"--result-configmap", "my-result"});
    return PodSetup(std::move(words));
  }
  Ended FetchWithResult(std::vector<std::string> words) {
    return RunProcess(ResultSetup(std::move(words)));
  }

  // The bodies of the patches of the ConfigMap.
  std::vector<std::string> Patches() const { return BodiesTo("/configmaps/"); }
  std::string LastDocument() const {
    return JsonAt(Patches().back(), "/data/status.json");
  }
  std::string LastSummary() const {
    return JsonAt(Patches().back(), "/data/summary");
  }
};

constexpr absl::Duration kResultStopIsDue = absl::Seconds(5);

TEST_F(ResultConfigMapE2eTest, SaysInTheConfigMapHowTheRunEnded) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  api_.Script({Answer("200 OK", std::string(2 << 20, ' '))});

  const Ended ended = FetchWithResult({"quay.io/a:1", "quay.io/a:gone"});

  EXPECT_THAT(ended, ExitsWith(1));
  ASSERT_THAT(api_.requests(), SizeIs(1));
  EXPECT_THAT(
      api_.requests()[0],
      StartsWith(absl::StrCat(
          "PATCH /api/v1/namespaces/team/configmaps/my-result HTTP/1.1\r\n"
          "User-Agent: prepull\r\nAuthorization: Bearer first-token\r\n"
          "Accept: application/json\r\n"
          "Content-Type: application/merge-patch+json\r\nHost: 127.0.0.1:",
          api_.port(), "\r\n")));
  EXPECT_EQ(JsonAt(LastDocument(), "/run_id"), Status("/run_id"));
  EXPECT_EQ(JsonAt(LastDocument(), "/exit_code"), "1");
  EXPECT_EQ(JsonAt(LastDocument(), "/failed_pulls"), R"(["quay.io/a:gone"])");
  EXPECT_THAT(LastSummary(), StartsWith("1 of 2 images present; 1 failed ("));
  EXPECT_THAT(ended.err,
              HasSubstr("info result written configmap=team/my-result\n"));
}

TEST_F(ResultConfigMapE2eTest, IsReadBackFromStandardInput) {
  ASSERT_THAT(FetchWithResult({"quay.io/a:1"}), ExitsWith(0));

  const Ended status = RunProcess(
      {.arguments = {"status", "--status-file", "-"}, .input = LastDocument()});

  EXPECT_THAT(status, ExitsWith(0));
  EXPECT_THAT(status.out,
              AllOf(HasSubstr("quay.io/a:1  Pulled"),
                    HasSubstr("\nSucceeded: 1 of 1 image present (")));
}

TEST_F(ResultConfigMapE2eTest, IsWrittenAlsoIfThereIsNoListOrNoRuntime) {
  EXPECT_THAT(FetchWithResult({"--image-list-file", folder_.Path("none")}),
              ExitsWith(2));
  ASSERT_THAT(Patches(), SizeIs(1));
  EXPECT_THAT(LastSummary(), AllOf(StartsWith("failed: "),
                                   HasSubstr("no such file or directory")));
  EXPECT_EQ(JsonAt(LastDocument(), "/exit_code"), "2");

  server_.Stop();
  EXPECT_THAT(FetchWithResult({"quay.io/a:1"}), ExitsWith(4));
  ASSERT_THAT(Patches(), SizeIs(2));
  EXPECT_THAT(LastSummary(), StartsWith("0 of 1 image present; 1 stopped ("));
  EXPECT_EQ(JsonAt(LastDocument(), "/reason"), "RuntimeUnavailable");
}

TEST_F(ResultConfigMapE2eTest, IsWrittenInBetweenIfThatIsWanted) {
  server_.Script("quay.io/a:2", {Forever()});
  PrepullProcess fetch(
      ResultSetup({"quay.io/a:1", "quay.io/a:2", "--result-every", "1s"}));
  ASSERT_TRUE(AskUntil([&] {
    const std::vector<std::string> patches = Patches();
    return !patches.empty() && JsonAt(patches.back(), "/data/summary") ==
                                   "1 of 2 images present, pulling";
  }));
  EXPECT_EQ(JsonAt(LastDocument(), "/phase"), "Pulling");
  EXPECT_EQ(JsonAt(LastDocument(), "/exit_code"), "null");

  server_.Release();

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_THAT(Patches(), SizeIs(Ge(2u)));
  EXPECT_THAT(LastSummary(), StartsWith("2 of 2 images present ("));
}

TEST_F(ResultConfigMapE2eTest, SaysWhatWasLeftWhenItIsStopped) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(ResultSetup({"quay.io/a:1", "--node-label", "x/y"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);

  EXPECT_THAT(fetch.Wait(), ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kResultStopIsDue));
  ASSERT_THAT(Patches(), SizeIs(1));
  EXPECT_THAT(LastSummary(), StartsWith("0 of 1 image present; 1 stopped ("));
  EXPECT_EQ(JsonAt(LastDocument(), "/phase"), "Interrupted");
  EXPECT_THAT(api_.requests(), Contains(HasSubstr(R"({"x/y":"incomplete"})")));
}

// With a label and a write under way: the server takes connections and requests
// and answers none.
TEST_F(ResultConfigMapE2eTest, StopsInTimeThoughTheApiServerHangs) {
  api_.Script({{.then = HttpReply::Then::kHang}});
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(ResultSetup(
      {"quay.io/a:1", "--node-label", "x/y", "--result-every", "1s"}));
  ASSERT_TRUE(server_.WaitUntilRunning(1));
  ASSERT_TRUE(api_.WaitUntilAsked(1));
  const absl::Time signalled = absl::Now();

  fetch.Signal(SIGTERM);
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(3));
  EXPECT_THAT(absl::Now() - signalled, Lt(kResultStopIsDue));
  EXPECT_THAT(ended.err, AllOf(HasSubstr("warn result not written configmap"),
                               HasSubstr("warn node not labelled"),
                               HasSubstr("read response: timed out")));
  EXPECT_THAT(Patches(), Contains(HasSubstr("1 stopped (")));
}

TEST_F(ResultConfigMapE2eTest, KeepsItsExitCodeThoughTheApiServerNeverAnswers) {
  api_.Script({{.then = HttpReply::Then::kHang, .is_deaf = true}});
  const absl::Time began = absl::Now();

  const Ended ended = FetchWithResult({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(absl::Now() - began, Lt(absl::Seconds(15)));
  EXPECT_THAT(ended.err, HasSubstr("timed out\"\n"));
}

TEST_F(ResultConfigMapE2eTest, TakesTheTokenThatTookThePlaceOfTheFirst) {
  HttpReply refusal = Answer("401 Unauthorized");
  refusal.drip = absl::Milliseconds(20);  // leaves the time to replace it
  api_.Script({refusal, Answer("200 OK")});
  PrepullProcess fetch(ResultSetup({"quay.io/a:1"}));
  ASSERT_TRUE(api_.WaitUntilAsked(1));
  folder_.Write("token", "second-token\n");

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_THAT(api_.requests(),
              testing::ElementsAre(HasSubstr("Bearer first-token\r\n"),
                                   HasSubstr("Bearer second-token\r\n")));
}

TEST_F(ResultConfigMapE2eTest, TriesAgainWhatMayPass) {
  for (const std::string answer :
       {"409 Conflict", "429 Too Many Requests", "500 Internal Server Error",
        "503 Service Unavailable"}) {
    const size_t before = Patches().size();
    api_.Script({Answer(answer, "", "Retry-After: 1\r\n"), Answer("200 OK")});
    const absl::Time began = absl::Now();

    const Ended ended = FetchWithResult({"quay.io/a:1"});

    EXPECT_THAT(ended, ExitsWith(0));
    EXPECT_THAT(absl::Now() - began, Ge(absl::Seconds(1))) << answer;
    EXPECT_EQ(Patches().size(), before + 2) << answer;
    EXPECT_THAT(ended.err, AllOf(HasSubstr("info result written"),
                                 Not(HasSubstr("not written"))));
  }
}

TEST_F(ResultConfigMapE2eTest, SaysWhichPermissionIsMissing) {
  api_.Script({Answer("403 Forbidden",
                      R"({"kind":"Status","message":"it is forbidden"})")});

  const Ended ended = FetchWithResult({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(api_.requests(), SizeIs(1));
  EXPECT_THAT(
      ended.err,
      HasSubstr("the API server answered 403: it is forbidden (the "
                "account needs \\\"patch\\\" on \\\"configmaps/my-result\\\" "
                "in namespace team)"));
}

TEST_F(ResultConfigMapE2eTest, SaysThatTheConfigMapIsMissing) {
  api_.Script({Answer("404 Not Found")});

  const Ended ended = FetchWithResult({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(api_.requests(), SizeIs(1));
  EXPECT_THAT(ended.err,
              HasSubstr("ConfigMap team/my-result is missing: 'prepull "
                        "manifest ... --result-configmap' prints it"));
}

TEST_F(ResultConfigMapE2eTest, FollowsNoRedirect) {
  api_.Script({Answer("302 Found", "",
                      absl::StrCat("Location: https://127.0.0.1:", api_.port(),
                                   "/elsewhere\r\n"))});

  const Ended ended = FetchWithResult({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(api_.requests(), SizeIs(1));
  EXPECT_THAT(ended.err, HasSubstr("the API server answered 302"));
}

TEST_F(ResultConfigMapE2eTest, TrustsOnlyTheClustersAuthority) {
  folder_.Write("ca.crt", CertificateAuthority().pem());

  const Ended ended = FetchWithResult({"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(api_.requests(), IsEmpty());
  EXPECT_THAT(ended.err, HasSubstr("certificate verification failed: "
                                   "unable to get local issuer"));
}

// A port that is bound, so that nobody else takes it, and does not listen.
TEST_F(ResultConfigMapE2eTest, RunsThoughTheApiServerRefusesConnections) {
  const int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(bound, raw, size), 0);
  ASSERT_EQ(getsockname(bound, raw, &size), 0);
  ProcessSetup setup = ResultSetup({"quay.io/a:1"});
  setup.environment["KUBERNETES_SERVICE_PORT"] =
      std::to_string(ntohs(address.sin_port));

  const Ended ended = RunProcess(setup);
  close(bound);

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.err, AllOf(HasSubstr("warn result not written"),
                               HasSubstr("connection refused")));
}

TEST_F(ResultConfigMapE2eTest, ShowsTheTokenNowhere) {
  api_.Script({Answer("500 Internal Server Error",
                      R"({"kind":"Status","message":"Bearer first-token"})"),
               Answer("400 Bad Request",
                      R"({"kind":"Status","message":"Bearer first-token"})")});

  const Ended ended = FetchWithResult({"quay.io/a:1", "--log-level", "debug"});

  EXPECT_THAT(ended.err, AllOf(HasSubstr("debug result retry"),
                               HasSubstr("warn result not written"),
                               Not(HasSubstr("first-token"))));
  EXPECT_THAT(ended.out, Not(HasSubstr("first-token")));
  EXPECT_THAT(ReadAll(status_path()), Not(HasSubstr("first-token")));
  EXPECT_THAT(LastDocument(), Not(HasSubstr("first-token")));
}

TEST_F(ResultConfigMapE2eTest, RunsWithoutAnApiServer) {
  ProcessSetup setup = ResultSetup({"quay.io/a:1"});
  setup.environment.erase("KUBERNETES_SERVICE_HOST");

  const Ended ended = RunProcess(setup);

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.err,
              HasSubstr("warn no API server: the result is not written "
                        "error=\"KUBERNETES_SERVICE_HOST is not set\"\n"));
}

TEST_F(ResultConfigMapE2eTest, WritesNothingInADryRun) {
  EXPECT_THAT(FetchWithResult({"quay.io/a:1", "--dry-run"}), ExitsWith(0));
  EXPECT_THAT(
      FetchWithResult({"--image-list-file", folder_.Path("none"), "--dry-run"}),
      ExitsWith(2));

  EXPECT_THAT(api_.requests(), IsEmpty());
}

TEST_F(ResultConfigMapE2eTest, SaysThatAnIntervalNeedsAName) {
  const Ended ended = Fetch({"quay.io/a:1", "--result-every", "5s"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.err, HasSubstr("warn --result-every does nothing without "
                                   "--result-configmap\n"));
}

TEST_F(ResultConfigMapE2eTest, RefusesWhatIsNoNameAndNoInterval) {
  const Ended name = Fetch({"quay.io/a:1", "--result-configmap", "My_Result"});
  const Ended often = FetchWithResult({"quay.io/a:1", "--result-every", "9ms"});

  EXPECT_THAT(name, ExitsWith(2));
  EXPECT_THAT(name.err,
              EndsWith("prepull: --result-configmap: invalid name "
                       "\"My_Result\": expected up to 253 lower case letters, "
                       "digits, - .\n"));
  EXPECT_THAT(often, ExitsWith(2));
  EXPECT_THAT(often.err, EndsWith("prepull: --result-every: invalid value "
                                  "\"9ms\": expected 0 or at least 1s\n"));
  EXPECT_THAT(server_.pulls(), IsEmpty());
  EXPECT_THAT(api_.requests(), IsEmpty());
}

}  // namespace
}  // namespace prepull
