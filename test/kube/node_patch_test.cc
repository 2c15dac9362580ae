#include "src/kube/node_patch.h"

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/fake_http_client.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Answer = FakeHttpClient::Answer;

std::string StatusBody(const std::string& message) {
  return absl::StrCat(R"({"kind":"Status","apiVersion":"v1","message":")",
                      message, "\"}");
}

class NodePatchTest : public testing::Test {
 protected:
  NodePatchTest() { WriteToken("token-1"); }

  void WriteToken(const std::string& token) {
    EXPECT_THAT(files_.WriteFileAtomically("/sa/token", token), IsOk());
  }

  absl::Status Label() {
    return PatchNodeLabel(
        {.node = "worker-1", .key = "x/y", .value = "succeeded"},
        {.url = "https://10.0.0.1:443", .service_account_dir = "/sa"},
        {.http = http_,
         .files = files_,
         .clock = clock_,
         .roll_dice = [] { return 0.0; }},
        stop_.get_token());
  }

  // When the requests were made, from the first one on.
  std::vector<absl::Duration> Times() const {
    std::vector<absl::Duration> times;
    for (const FakeHttpClient::Call& call : http_.calls()) {
      times.push_back(call.at - start_);
    }
    return times;
  }
  std::vector<std::string> Tokens() const {
    std::vector<std::string> tokens;
    for (const FakeHttpClient::Call& call : http_.calls()) {
      tokens.push_back(call.request.headers[0].value);
    }
    return tokens;
  }

  FakeClock clock_;
  const Instant start_ = clock_.Now();
  FakeFileSystem files_;
  FakeHttpClient http_{clock_};
  std::stop_source stop_;
};

TEST_F(NodePatchTest, PatchesThatLabelAndNothingElse) {
  WriteToken("token-1\n");

  EXPECT_THAT(Label(), IsOk());

  ASSERT_THAT(http_.calls(), SizeIs(1));
  const HttpRequest& request = http_.calls()[0].request;
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.url, "https://10.0.0.1:443/api/v1/nodes/worker-1");
  EXPECT_EQ(request.headers[0].name, "Authorization");
  EXPECT_EQ(request.headers[0].value, "Bearer token-1");
  EXPECT_EQ(request.headers[2].value, "application/merge-patch+json");
  EXPECT_EQ(request.body, R"({"metadata":{"labels":{"x/y":"succeeded"}}})");
  EXPECT_EQ(request.ca_file, "/sa/ca.crt");
  EXPECT_FALSE(request.proxy.has_value());
}

TEST_F(NodePatchTest, TriesAgainWhatMayPass) {
  for (const int status : {409, 429, 500, 502, 503}) {
    FakeHttpClient http(clock_);
    http.Script({FakeHttpClient::Status(status), Answer()});

    EXPECT_THAT(PatchNodeLabel({}, {.url = "", .service_account_dir = "/sa"},
                               {http, files_, clock_, [] { return 0.0; }}, {}),
                IsOk());
    EXPECT_THAT(http.calls(), SizeIs(2)) << status;
  }
}

TEST_F(NodePatchTest, TriesAgainWhenTheConnectionFails) {
  http_.Script({{.response = absl::UnavailableError("connection refused")},
                {.response = absl::DeadlineExceededError("timed out")},
                Answer()});

  EXPECT_THAT(Label(), IsOk());
  EXPECT_THAT(Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(250),
                          absl::Milliseconds(750)));
}

TEST_F(NodePatchTest, GivesUpAfterTenSeconds) {
  http_.Script({FakeHttpClient::Status(500, StatusBody("etcd is away"))});

  EXPECT_THAT(Label(), StatusIs(StatusCode::kUnavailable,
                                "the API server answered 500: etcd is away"));
  EXPECT_THAT(Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(250),
                          absl::Milliseconds(750), absl::Milliseconds(1750),
                          absl::Milliseconds(3750), absl::Milliseconds(5750),
                          absl::Milliseconds(7750), absl::Milliseconds(9750)));
}

TEST_F(NodePatchTest, GivesATryFourSeconds) {
  http_.Script({{.takes = absl::InfiniteDuration()}});

  EXPECT_THAT(Label(), StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_THAT(Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(4250),
                          absl::Milliseconds(8750)));
  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(10));
}

TEST_F(NodePatchTest, WaitsAsLongAsTheServerAsks) {
  http_.Script({{.response = HttpResponse{.status = 429,
                                          .headers = {{"retry-after", "3"}}}},
                Answer()});

  EXPECT_THAT(Label(), IsOk());
  EXPECT_THAT(Times(), ElementsAre(absl::ZeroDuration(), absl::Seconds(3)));
}

TEST_F(NodePatchTest, DoesNotWaitPastItsDeadline) {
  http_.Script({{.response = HttpResponse{
                     .status = 429, .headers = {{"Retry-After", "60"}}}}});

  EXPECT_THAT(Label(), StatusIs(StatusCode::kUnavailable,
                                "the API server answered 429"));
  EXPECT_EQ(clock_.Now(), start_);
}

TEST_F(NodePatchTest, TakesTheTokenThatIsThereByThen) {
  http_.Script({{.response = HttpResponse{.status = 401},
                 .takes = absl::Milliseconds(1)},
                {.response = HttpResponse{.status = 401}},
                Answer()});
  clock_.After(absl::Milliseconds(1), [this] { WriteToken("token-2"); });
  clock_.After(absl::Milliseconds(300), [this] { WriteToken("token-3"); });

  EXPECT_THAT(Label(), IsOk());
  EXPECT_THAT(Tokens(), ElementsAre("Bearer token-1", "Bearer token-2",
                                    "Bearer token-3"));
}

TEST_F(NodePatchTest, TriesARefusedTokenOnceMore) {
  http_.Script({FakeHttpClient::Status(401, StatusBody("Unauthorized"))});

  EXPECT_THAT(Label(), StatusIs(StatusCode::kUnauthenticated,
                                "the API server answered 401: Unauthorized"));
  EXPECT_THAT(http_.calls(), SizeIs(2));
}

TEST_F(NodePatchTest, SaysWhichPermissionIsMissing) {
  http_.Script({FakeHttpClient::Status(403, StatusBody("forbidden"))});

  EXPECT_THAT(Label(),
              StatusIs(StatusCode::kPermissionDenied,
                       "the API server answered 403: forbidden (the service "
                       "account needs \"patch\" on \"nodes\")"));
  EXPECT_THAT(http_.calls(), SizeIs(1));
}

TEST_F(NodePatchTest, SaysThatThereIsNoSuchNode) {
  http_.Script({FakeHttpClient::Status(404, "<html>")});

  EXPECT_THAT(Label(), StatusIs(StatusCode::kNotFound,
                                "the API server answered 404 (--node or "
                                "NODE_NAME must be the Node's name)"));
  EXPECT_THAT(http_.calls(), SizeIs(1));
}

TEST_F(NodePatchTest, TakesOtherAnswersAsFinal) {
  for (const int status : {301, 400, 415, 422}) {
    FakeHttpClient http(clock_);
    http.Script({FakeHttpClient::Status(status)});

    EXPECT_THAT(PatchNodeLabel({}, {.url = "", .service_account_dir = "/sa"},
                               {http, files_, clock_, [] { return 0.0; }}, {}),
                StatusIs(StatusCode::kUnavailable));
    EXPECT_THAT(http.calls(), SizeIs(1)) << status;
  }
}

TEST_F(NodePatchTest, DoesNotTrustACertificateAtTheSecondTry) {
  http_.Script({{.response = absl::FailedPreconditionError("expired")}});

  EXPECT_THAT(Label(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(http_.calls(), SizeIs(1));
}

TEST_F(NodePatchTest, NeverRepeatsTheToken) {
  http_.Script({FakeHttpClient::Status(
      400,
      StatusBody("bad header: Bearer token-1\\n" + std::string(1000, 'x')))});

  const absl::Status status = Label();

  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable,
                               AllOf(HasSubstr("bad header: Bearer ... x"),
                                     Not(HasSubstr("token-1")),
                                     SizeIs(testing::Lt(400)))));
}

TEST_F(NodePatchTest, NeedsAToken) {
  files_.Remove("/sa/token");
  EXPECT_THAT(Label(), StatusIs(StatusCode::kNotFound,
                                HasSubstr("service account: /sa/token")));

  WriteToken("two words");
  EXPECT_THAT(Label(), StatusIs(StatusCode::kInvalidArgument,
                                "service account: /sa/token: invalid token"));
  EXPECT_THAT(http_.calls(), IsEmpty());
}

TEST_F(NodePatchTest, ReadsNoTokenFromWhatIsNoFile) {
  files_.Remove("/sa/token");
  EXPECT_THAT(files_.WriteFileAtomically("/sa/token/below", "token"), IsOk());

  EXPECT_THAT(Label(), StatusIs(StatusCode::kInvalidArgument,
                                "service account: /sa/token: expected a file"));
}

TEST_F(NodePatchTest, HasTwoSecondsInARunThatWasStopped) {
  stop_.request_stop();
  http_.Script({{.takes = absl::InfiniteDuration()}});

  EXPECT_THAT(Label(), StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_THAT(http_.calls(), SizeIs(1));
  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(2));
}

TEST_F(NodePatchTest, StillLabelsAfterAStop) {
  stop_.request_stop();

  EXPECT_THAT(Label(), IsOk());
}

TEST_F(NodePatchTest, HasTwoSecondsFromAStopOn) {
  http_.Script({{.takes = absl::InfiniteDuration()}});
  clock_.After(absl::Seconds(1), [this] { stop_.request_stop(); });

  EXPECT_THAT(Label(), StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(3));
}

TEST_F(NodePatchTest, HearsAStopBetweenTwoTries) {
  http_.Script({FakeHttpClient::Status(500), Answer()});
  clock_.After(absl::Milliseconds(100), [this] { stop_.request_stop(); });

  EXPECT_THAT(Label(), IsOk());
  EXPECT_THAT(Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(100)));
}

struct Environment {
  std::map<std::string, std::string> variables;
  std::string url;
};

TEST(FindApiServerTest, ReadsThePodsEnvironment) {
  const std::vector<Environment> rows = {
      {{{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
        {"KUBERNETES_SERVICE_PORT", "6443"}},
       "https://10.0.0.1:6443"},
      {{{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
        {"KUBERNETES_SERVICE_PORT", "80"},
        {"KUBERNETES_SERVICE_PORT_HTTPS", "443"}},
       "https://10.0.0.1:443"},
      {{{"KUBERNETES_SERVICE_HOST", "fd00::1"}}, "https://[fd00::1]:443"},
  };
  for (const Environment& row : rows) {
    FakeHost host;
    host.environment = row.variables;

    const absl::StatusOr<ApiServer> server = FindApiServer(host);

    ASSERT_THAT(server, IsOk());
    EXPECT_EQ(server->url, row.url);
  }
}

TEST(FindApiServerTest, FindsNoneOutsideOfAPod) {
  EXPECT_THAT(
      FindApiServer(FakeHost()),
      StatusIs(StatusCode::kNotFound, "KUBERNETES_SERVICE_HOST is not set"));
}

}  // namespace
}  // namespace prepull
