#include "prepull/kube/kube_client.h"

#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
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

class KubeClientTest : public testing::Test {
 protected:
  KubeClientTest() { WriteToken("token-1"); }

  void WriteToken(const std::string& token) {
    EXPECT_THAT(files_.WriteFileAtomically("/sa/token", token), IsOk());
  }

  KubeClient ClientOver(HttpClient& http) {
    return KubeClient(
        ServerForAccount("https://10.0.0.1:443", "/sa"),
        {.http = http, .files = files_, .clock = clock_, .roll_dice = [] {
           return 0.0;
         }});
  }
  KubeCall Call() {
    return {.purpose = "test",
            .until = start_ + absl::Seconds(10),
            .stop = stop_.get_token(),
            .after_stop = after_stop_};
  }
  absl::Status Patch() {
    return ClientOver(http_).MergePatch(object_, R"({"a":"b"})", Call());
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
  absl::Duration after_stop_ = absl::Seconds(2);
  KubeObject object_ = {
      .resource = "configmaps", .object_namespace = "team", .name = "result"};
};

TEST_F(KubeClientTest, PatchesThoseKeysAndNothingElse) {
  WriteToken("token-1\n");

  EXPECT_THAT(Patch(), IsOk());

  ASSERT_THAT(http_.calls(), SizeIs(1));
  const HttpRequest& request = http_.calls()[0].request;
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.url,
            "https://10.0.0.1:443/api/v1/namespaces/team/configmaps/result");
  EXPECT_EQ(request.headers[0].name, "Authorization");
  EXPECT_EQ(request.headers[0].value, "Bearer token-1");
  EXPECT_EQ(request.headers[2].value, "application/merge-patch+json");
  EXPECT_EQ(request.body, R"({"a":"b"})");
  EXPECT_EQ(request.ca_file, "/sa/ca.crt");
  EXPECT_FALSE(request.proxy.has_value());
}

TEST_F(KubeClientTest, AppliesAnIntentAsItsOwner) {
  EXPECT_THAT(ClientOver(http_).Apply({.group_version = "batch/v1",
                                       .resource = "jobs",
                                       .object_namespace = "team",
                                       .name = "pull"},
                                      R"({"kind":"Job"})", Call()),
              IsOk());

  ASSERT_THAT(http_.calls(), SizeIs(1));
  const HttpRequest& request = http_.calls()[0].request;
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.url,
            "https://10.0.0.1:443/apis/batch/v1/namespaces/team/jobs/pull"
            "?fieldManager=prepull&force=true");
  EXPECT_EQ(request.headers[2].value, "application/apply-patch+yaml");
  EXPECT_EQ(request.body, R"({"kind":"Job"})");
}

TEST_F(KubeClientTest, LeadsToNoOtherPathWhateverTheNameIs) {
  object_.name = "../secrets/a?b";

  EXPECT_THAT(Patch(), IsOk());

  EXPECT_EQ(http_.calls()[0].request.url,
            "https://10.0.0.1:443/api/v1/namespaces/team/configmaps/"
            "..%2Fsecrets%2Fa%3Fb");
}

TEST_F(KubeClientTest, TriesAgainWhatMayPass) {
  for (const int status : {409, 429, 500, 502, 503}) {
    FakeHttpClient http(clock_);
    http.Script({FakeHttpClient::Status(status), Answer()});

    EXPECT_THAT(ClientOver(http).MergePatch(object_, "{}", {}), IsOk());
    EXPECT_THAT(http.calls(), SizeIs(2)) << status;
  }
}

TEST_F(KubeClientTest, TriesAgainWhenTheConnectionFails) {
  http_.Script({{.response = absl::UnavailableError("connection refused")},
                {.response = absl::DeadlineExceededError("timed out")},
                Answer()});

  EXPECT_THAT(Patch(), IsOk());
  EXPECT_THAT(Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(250),
                          absl::Milliseconds(750)));
}

TEST_F(KubeClientTest, GivesUpAtItsDeadline) {
  http_.Script({FakeHttpClient::Status(500, StatusBody("etcd is away"))});

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kUnavailable,
                                "the API server answered 500: etcd is away"));
  EXPECT_THAT(Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(250),
                          absl::Milliseconds(750), absl::Milliseconds(1750),
                          absl::Milliseconds(3750), absl::Milliseconds(5750),
                          absl::Milliseconds(7750), absl::Milliseconds(9750)));
}

TEST_F(KubeClientTest, GivesATryFourSeconds) {
  http_.Script({{.takes = absl::InfiniteDuration()}});

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_THAT(Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(4250),
                          absl::Milliseconds(8750)));
  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(10));
}

TEST_F(KubeClientTest, WaitsAsLongAsTheServerAsks) {
  http_.Script({{.response = HttpResponse{.status = 429,
                                          .headers = {{"retry-after", "3"}}}},
                Answer()});

  EXPECT_THAT(Patch(), IsOk());
  EXPECT_THAT(Times(), ElementsAre(absl::ZeroDuration(), absl::Seconds(3)));
}

TEST_F(KubeClientTest, DoesNotWaitPastItsDeadline) {
  http_.Script({{.response = HttpResponse{
                     .status = 429, .headers = {{"Retry-After", "60"}}}}});

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kUnavailable,
                                "the API server answered 429"));
  EXPECT_EQ(clock_.Now(), start_);
}

TEST_F(KubeClientTest, TakesTheTokenThatIsThereByThen) {
  http_.Script({{.response = HttpResponse{.status = 401},
                 .takes = absl::Milliseconds(1)},
                {.response = HttpResponse{.status = 401}},
                Answer()});
  clock_.After(absl::Milliseconds(1), [this] { WriteToken("token-2"); });
  clock_.After(absl::Milliseconds(300), [this] { WriteToken("token-3"); });

  EXPECT_THAT(Patch(), IsOk());
  EXPECT_THAT(Tokens(), ElementsAre("Bearer token-1", "Bearer token-2",
                                    "Bearer token-3"));
}

TEST_F(KubeClientTest, TriesARefusedTokenOnceMore) {
  http_.Script({FakeHttpClient::Status(401, StatusBody("Unauthorized"))});

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kUnauthenticated,
                                "the API server answered 401: Unauthorized"));
  EXPECT_THAT(http_.calls(), SizeIs(2));
}

TEST_F(KubeClientTest, SaysWhichPermissionIsMissing) {
  http_.Script({FakeHttpClient::Status(403, StatusBody("forbidden"))});

  EXPECT_THAT(Patch(),
              StatusIs(StatusCode::kPermissionDenied,
                       "the API server answered 403: forbidden (the "
                       "account needs \"patch\" on \"configmaps/result\" in "
                       "namespace team)"));
  EXPECT_THAT(ClientOver(http_).Apply(object_, "{}", Call()),
              StatusIs(StatusCode::kPermissionDenied,
                       HasSubstr("needs \"patch\" and \"create\" on")));
  EXPECT_THAT(ClientOver(http_).MergePatch({.resource = "nodes", .name = "a"},
                                           "{}", Call()),
              StatusIs(StatusCode::kPermissionDenied,
                       HasSubstr("needs \"patch\" on \"nodes\")")));
  EXPECT_THAT(http_.calls(), SizeIs(3));
}

TEST_F(KubeClientTest, SaysWhatIsMissing) {
  http_.Script({FakeHttpClient::Status(404, "<html>")});

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kNotFound,
                                "the API server answered 404 (there is no "
                                "configmaps \"result\" in namespace team)"));
  EXPECT_THAT(http_.calls(), SizeIs(1));
}

TEST_F(KubeClientTest, SaysInTheCallersWordsWhatIsMissing) {
  http_.Script({FakeHttpClient::Status(404)});
  object_.if_missing = "make it first";

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kNotFound,
                                "the API server answered 404 (make it first)"));
}

TEST_F(KubeClientTest, TakesOtherAnswersAsFinal) {
  for (const int status : {301, 400, 415, 422}) {
    FakeHttpClient http(clock_);
    http.Script({FakeHttpClient::Status(status)});

    EXPECT_THAT(ClientOver(http).MergePatch(object_, "{}", {}),
                StatusIs(StatusCode::kUnavailable));
    EXPECT_THAT(http.calls(), SizeIs(1)) << status;
  }
}

TEST_F(KubeClientTest, DoesNotTrustACertificateAtTheSecondTry) {
  http_.Script({{.response = absl::FailedPreconditionError("expired")}});

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(http_.calls(), SizeIs(1));
}

TEST_F(KubeClientTest, NeverRepeatsTheToken) {
  http_.Script({FakeHttpClient::Status(
      400,
      StatusBody("bad header: Bearer token-1\\n" + std::string(1000, 'x')))});

  const absl::Status status = Patch();

  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable,
                               AllOf(HasSubstr("bad header: Bearer ... x"),
                                     Not(HasSubstr("token-1")),
                                     SizeIs(testing::Lt(400)))));
}

TEST_F(KubeClientTest, NeedsAToken) {
  files_.Remove("/sa/token");
  EXPECT_THAT(Patch(), StatusIs(StatusCode::kNotFound, HasSubstr("/sa/token")));

  WriteToken("two words");
  EXPECT_THAT(Patch(), StatusIs(StatusCode::kInvalidArgument,
                                "/sa/token: invalid token"));
  EXPECT_THAT(http_.calls(), IsEmpty());
}

TEST_F(KubeClientTest, ReadsNoTokenFromWhatIsNoFile) {
  files_.Remove("/sa/token");
  EXPECT_THAT(files_.WriteFileAtomically("/sa/token/below", "token"), IsOk());

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kInvalidArgument,
                                "/sa/token: expected a file"));
}

TEST_F(KubeClientTest, HasItsTimeAfterAStop) {
  stop_.request_stop();
  http_.Script({{.takes = absl::InfiniteDuration()}});

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_THAT(http_.calls(), SizeIs(1));
  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(2));
}

TEST_F(KubeClientTest, StillWorksAfterAStop) {
  stop_.request_stop();

  EXPECT_THAT(Patch(), IsOk());
}

TEST_F(KubeClientTest, HasThatTimeFromTheStopOn) {
  http_.Script({{.takes = absl::InfiniteDuration()}});
  clock_.After(absl::Seconds(1), [this] { stop_.request_stop(); });

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(3));
}

TEST_F(KubeClientTest, HearsAStopBetweenTwoTries) {
  http_.Script({FakeHttpClient::Status(500), Answer()});
  clock_.After(absl::Milliseconds(100), [this] { stop_.request_stop(); });

  EXPECT_THAT(Patch(), IsOk());
  EXPECT_THAT(Times(),
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(100)));
}

TEST_F(KubeClientTest, EndsAtAStopWithoutTimeAfterIt) {
  after_stop_ = absl::ZeroDuration();
  http_.Script({{.takes = absl::InfiniteDuration()}});
  clock_.After(absl::Seconds(1), [this] { stop_.request_stop(); });

  EXPECT_THAT(Patch(), StatusIs(StatusCode::kCancelled));
  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(1));
  EXPECT_THAT(http_.calls(), SizeIs(1));
}

}  // namespace
}  // namespace prepull
