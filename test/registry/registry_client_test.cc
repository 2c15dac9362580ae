#include "prepull/registry/registry_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "src/registry/digest.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_credentials.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kBasicBob[] = "Basic Ym9iOmhpZGRlbg==";  // bob:hidden

// Servers as a test writes them: one function a URL.
class FakeServers : public HttpClient {
 public:
  using Answer =
      std::function<absl::StatusOr<HttpResponse>(const HttpRequest&)>;

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token&) override {
    calls.push_back(absl::StrCat(request.method, " ", request.url));
    const auto answer = answers.find(request.url);
    if (answer == answers.end()) return HttpResponse{.status = 404};
    absl::StatusOr<HttpResponse> response = answer->second(request);
    if (!response.ok() || request.sink == nullptr ||
        response->status / 100 != 2) {
      return response;
    }
    const std::string body = std::exchange(response->body, "");
    const bool breaks_off = !response->Header("Breaks-Off").empty();
    const absl::Status taken = request.sink(*response, body);
    if (!taken.ok()) return taken;
    if (breaks_off) return absl::UnavailableError("cut short");
    return response;
  }

  void Fixed(const std::string& url, HttpResponse response) {
    answers[url] = [response](const HttpRequest&) { return response; };
  }

  std::map<std::string, Answer> answers = {};
  std::vector<std::string> calls = {};
};

std::string Header(const HttpRequest& request, absl::string_view name) {
  for (const HttpHeader& header : request.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

Reference Image(absl::string_view text) { return *Reference::Parse(text); }

class RegistryClientTest : public ::testing::Test {
 protected:
  RegistryClient& Client() {
    if (client_ == nullptr) {
      options_.deadline = clock_.Now() + absl::Hours(1);
      client_ = *MakeRegistryClient(options_, servers_, credentials_, clock_,
                                    [] { return 0.0; });
    }
    return *client_;
  }

  absl::Status Fetch(const std::string& bytes, const std::string& digest) {
    const ManifestBlob blob = {
        .digest = digest, .size_bytes = static_cast<int64_t>(bytes.size())};
    return Client().FetchBlob(Image("r.example/app:1"), blob,
                              [&](absl::string_view piece) {
                                absl::StrAppend(&received_, piece);
                                return absl::OkStatus();
                              });
  }

  FakeClock clock_;
  FakeServers servers_;
  FakeCredentials credentials_;
  RegistryOptions options_ = {};
  std::string received_ = "";
  std::unique_ptr<RegistryClient> client_;
};

constexpr char kManifest[] =
    R"({"config":{"digest":"sha256:cc","size":7},"layers":[]})";

TEST_F(RegistryClientTest, FetchesTheManifestOfOurPlatformOutOfAnIndex) {
  const std::string digest = DigestOf(kManifest);
  const Platform own = OwnPlatform();
  servers_.Fixed(
      "https://r.example/v2/app/manifests/1",
      {.status = 200,
       .body = absl::StrCat(R"({"manifests":[{"digest":")", digest,
                            R"(","size":9,"platform":{"os":"linux",)",
                            R"("architecture":")", own.architecture,
                            R"(","variant":")", own.variant, R"("}}]})")});
  servers_.Fixed(absl::StrCat("https://r.example/v2/app/manifests/", digest),
                 {.status = 200, .body = kManifest});

  const auto resolved = Client().FetchManifest(Image("r.example/app:1"));

  ASSERT_THAT(resolved, IsOk());
  EXPECT_EQ(resolved->digest, digest);
  EXPECT_EQ(resolved->manifest.config.digest, "sha256:cc");
}

TEST_F(RegistryClientTest, DockerHubIsAskedWhereItListens) {
  servers_.Fixed(
      "https://registry-1.docker.io/v2/library/busybox/manifests/latest",
      {.status = 200, .body = kManifest});

  EXPECT_THAT(Client().FetchManifest(Image("busybox")), IsOk());
}

TEST_F(RegistryClientTest, AManifestWithAWrongDigestIsRefused) {
  const std::string digest = DigestOf("another");
  servers_.Fixed(absl::StrCat("https://r.example/v2/app/manifests/", digest),
                 {.status = 200, .body = kManifest});

  EXPECT_THAT(
      Client().FetchManifest(Image(absl::StrCat("r.example/app@", digest))),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("the digest is")));
}

TEST_F(RegistryClientTest, TheRegistrysWordsAreInTheError) {
  servers_.Fixed(
      "https://r.example/v2/app/manifests/1",
      {.status = 404,
       .body = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"gone"}]})"});

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kNotFound,
                       "the registry answers 404 MANIFEST_UNKNOWN: gone"));
}

TEST_F(RegistryClientTest, ATagIsResolvedByItsHead) {
  const std::string digest = DigestOf("index");
  servers_.Fixed(
      "https://r.example/v2/app/manifests/1",
      {.status = 200, .headers = {{"docker-content-digest", digest}}});

  EXPECT_THAT(Client().ResolveDigest(Image("r.example/app:1")),
              IsOkAndHolds(digest));
  EXPECT_THAT(servers_.calls,
              ElementsAre("HEAD https://r.example/v2/app/manifests/1"));
}

TEST_F(RegistryClientTest, WithoutADigestInTheHeadTheManifestIsHashed) {
  servers_.Fixed("https://r.example/v2/app/manifests/1",
                 {.status = 200, .body = kManifest});

  EXPECT_THAT(Client().ResolveDigest(Image("r.example/app:1")),
              IsOkAndHolds(DigestOf(kManifest)));
}

// A registry whose door opens to a token, which is had from `token_server`.
class TokenTest : public RegistryClientTest {
 protected:
  TokenTest() {
    servers_.answers["https://r.example/v2/app/manifests/1"] =
        [this](const HttpRequest& request) {
          if (Header(request, "Authorization") == "Bearer t1") {
            return HttpResponse{.status = 200, .body = kManifest};
          }
          return HttpResponse{.status = 401,
                              .headers = {{"WWW-Authenticate", challenge_}}};
        };
  }

  std::string challenge_ =
      R"(Bearer realm="https://a.example/token",service="r",)"
      R"(scope="repository:app:pull,push")";
  const std::string token_url_ =
      "https://a.example/token?service=r&scope=repository%3Aapp%3Apull%2Cpush";
};

TEST_F(TokenTest, AnAnonymousTokenIsFetchedOnceForARepository) {
  servers_.Fixed(token_url_, {.status = 200, .body = R"({"token":"t1"})"});

  ASSERT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());
  ASSERT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());

  EXPECT_THAT(servers_.calls, SizeIs(4));
}

TEST_F(TokenTest, AnAccessTokenIsATokenToo) {
  servers_.Fixed(token_url_,
                 {.status = 200, .body = R"({"access_token":"t1"})"});

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());
}

TEST_F(TokenTest, CredentialsAreTriedOneAfterAnother) {
  credentials_.users["r.example/app:1"] = {"alice", "bob"};
  servers_.answers[token_url_] = [](const HttpRequest& request) {
    return Header(request, "Authorization") == kBasicBob
               ? HttpResponse{.status = 200, .body = R"({"token":"t1"})"}
               : HttpResponse{.status = 401};
  };

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());
}

TEST_F(TokenTest, ARefusalNamesTheTokenServerAndNoSecret) {
  credentials_.users["r.example/app:1"] = {"alice"};
  servers_.Fixed(token_url_,
                 {.status = 401,
                  .body = R"({"errors":[{"message":"not hi\u0064den, )"
                          R"(YWxpY2U6aGlkZGVu"}]})"});

  const auto resolved = Client().FetchManifest(Image("r.example/app:1"));

  EXPECT_THAT(resolved,
              StatusIs(absl::StatusCode::kUnauthenticated,
                       HasSubstr("the token server a.example refused the "
                                 "credentials (401 not ***, ***)")));
  EXPECT_THAT(std::string(resolved.status().message()),
              Not(HasSubstr("hidden")));
}

TEST_F(TokenTest, ARealmWithoutTlsGetsNoPassword) {
  challenge_ = R"(Bearer realm="http://a.example/token")";
  credentials_.users["r.example/app:1"] = {"alice"};

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("a realm without TLS, a.example")));
  EXPECT_THAT(servers_.calls, SizeIs(1));
}

TEST_F(TokenTest, ARealmOnOurOwnLoopbackIsNotAsked) {
  challenge_ = R"(Bearer realm="http://127.0.0.1:10248/configz")";

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(servers_.calls, SizeIs(1));
}

TEST_F(TokenTest, ATokenIsForItsOwnRepository) {
  servers_.Fixed(token_url_, {.status = 200, .body = R"({"token":"t1"})"});
  std::string at_other = "not asked";
  servers_.answers["https://r.example/v2/other/manifests/1"] =
      [&](const HttpRequest& request) {
        at_other = Header(request, "Authorization");
        return HttpResponse{.status = 200, .body = kManifest};
      };

  ASSERT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());
  ASSERT_THAT(Client().FetchManifest(Image("r.example/other:1")), IsOk());

  EXPECT_EQ(at_other, "");
}

TEST_F(TokenTest, APasswordIsSentWhereBasicIsAskedFor) {
  challenge_ = "Basic realm=\"r\"";
  credentials_.users["r.example/app:1"] = {"bob"};
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [this](const HttpRequest& request) {
        if (Header(request, "Authorization") == kBasicBob) {
          return HttpResponse{.status = 200, .body = kManifest};
        }
        return HttpResponse{.status = 401,
                            .headers = {{"WWW-Authenticate", challenge_}}};
      };

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());
}

TEST_F(RegistryClientTest, ARedirectToAnotherHostGetsNoCredentials) {
  const std::string digest = DigestOf("bytes");
  const std::string url =
      absl::StrCat("https://r.example/v2/app/blobs/", digest);
  credentials_.users["r.example/app:1"] = {"bob"};
  std::string at_store = "not asked";
  servers_.answers[url] = [](const HttpRequest& request) {
    if (Header(request, "Authorization") != kBasicBob) {
      return HttpResponse{.status = 401,
                          .headers = {{"WWW-Authenticate", "Basic"}}};
    }
    return HttpResponse{.status = 307,
                        .headers = {{"Location", "https://store.example/b?s"}}};
  };
  servers_.answers["https://store.example/b?s"] =
      [&](const HttpRequest& request) {
        at_store = Header(request, "Authorization");
        return HttpResponse{.status = 200, .body = "bytes"};
      };

  ASSERT_THAT(Fetch("bytes", digest), IsOk());

  EXPECT_EQ(received_, "bytes");
  EXPECT_EQ(at_store, "");
}

TEST_F(RegistryClientTest, ARedirectBackGetsNoCredentialsEither) {
  const std::string digest = DigestOf("bytes");
  credentials_.users["r.example/app:1"] = {"bob"};
  std::string at_return = "not asked";
  servers_.Fixed(
      absl::StrCat("https://r.example/v2/app/blobs/", digest),
      {.status = 307, .headers = {{"Location", "https://store.example/b"}}});
  servers_.Fixed(
      "https://store.example/b",
      {.status = 307, .headers = {{"Location", "https://r.example/b"}}});
  servers_.answers["https://r.example/b"] = [&](const HttpRequest& request) {
    at_return = Header(request, "Authorization");
    return HttpResponse{.status = 401,
                        .headers = {{"WWW-Authenticate", "Basic"}}};
  };

  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(at_return, "");
}

TEST_F(RegistryClientTest, RedirectsInARingEnd) {
  const std::string digest = DigestOf("bytes");
  const std::string url =
      absl::StrCat("https://r.example/v2/app/blobs/", digest);
  servers_.Fixed(url, {.status = 307, .headers = {{"Location", url}}});

  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("too many redirects")));
}

TEST_F(RegistryClientTest, ARedirectAwayFromTlsIsRefused) {
  const std::string digest = DigestOf("bytes");
  servers_.Fixed(
      absl::StrCat("https://r.example/v2/app/blobs/", digest),
      {.status = 307, .headers = {{"Location", "http://store.example/b"}}});

  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("redirected to store.example without TLS")));
}

TEST_F(RegistryClientTest, ARedirectToOurOwnLoopbackIsRefused) {
  const std::string digest = DigestOf("bytes");
  servers_.Fixed(
      absl::StrCat("https://r.example/v2/app/blobs/", digest),
      {.status = 307, .headers = {{"Location", "http://127.0.0.1:10248/"}}});

  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("redirected to 127.0.0.1:10248")));
  EXPECT_THAT(servers_.calls, SizeIs(1));
}

TEST_F(RegistryClientTest, ABlobsDigestIsNoPath) {
  EXPECT_THAT(Fetch("bytes", "sha256:../../other/blobs/x"),
              StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(servers_.calls, IsEmpty());
}

TEST_F(RegistryClientTest, AWrongByteIsNoContinuation) {
  const std::string digest = DigestOf("0123456789");
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [](const HttpRequest& request) {
        if (Header(request, "Range").empty()) {
          return HttpResponse{.status = 200,
                              .headers = {{"Breaks-Off", "yes"}},
                              .body = "0123"};
        }
        return HttpResponse{.status = 206,
                            .headers = {{"Content-Range", "bytes 5-9/10"}},
                            .body = "56789"};
      };

  EXPECT_THAT(Fetch("0123456789", digest),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("wrong byte")));
}

TEST_F(RegistryClientTest, AnUnreachableBlobIsTriedNoOftenerThanTheRest) {
  const std::string digest = DigestOf("bytes");
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };

  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kUnavailable, "refused"));

  EXPECT_THAT(servers_.calls, SizeIs(6));
}

TEST_F(RegistryClientTest, ABlobThatBreaksOffIsContinuedAtItsByte) {
  const std::string bytes = "0123456789";
  const std::string digest = DigestOf(bytes);
  std::vector<std::string> ranges;
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [&](const HttpRequest& request) {
        const std::string range = Header(request, "Range");
        ranges.push_back(range);
        if (range.empty()) {
          return HttpResponse{.status = 200,
                              .headers = {{"Breaks-Off", "yes"}},
                              .body = bytes.substr(0, 4)};
        }
        return HttpResponse{.status = 206,
                            .headers = {{"Content-Range", "bytes 4-9/10"}},
                            .body = bytes.substr(4)};
      };

  ASSERT_THAT(Fetch(bytes, digest), IsOk());

  EXPECT_EQ(received_, bytes);
  EXPECT_THAT(ranges, ElementsAre("", "bytes=4-"));
}

TEST_F(RegistryClientTest, WhereRangesAreIgnoredTheBeginningIsSkipped) {
  const std::string bytes = "0123456789";
  const std::string digest = DigestOf(bytes);
  int asked = 0;
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [&](const HttpRequest&) {
        if (++asked == 1) {
          return HttpResponse{.status = 200,
                              .headers = {{"Breaks-Off", "yes"}},
                              .body = bytes.substr(0, 4)};
        }
        return HttpResponse{.status = 200, .body = bytes};
      };

  ASSERT_THAT(Fetch(bytes, digest), IsOk());

  EXPECT_EQ(received_, bytes);
}

TEST_F(RegistryClientTest, ABlobThatIsSomethingElseIsRefused) {
  const std::string digest = DigestOf("bytes");
  const std::string url =
      absl::StrCat("https://r.example/v2/app/blobs/", digest);
  servers_.Fixed(url, {.status = 200, .body = "bytez"});
  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("digest")));

  servers_.Fixed(url, {.status = 200, .body = "bytes and more"});
  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("larger")));

  servers_.Fixed(url, {.status = 200, .body = "byte"});
  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("4 bytes")));
}

TEST_F(RegistryClientTest, ABusyRegistryIsAskedAgainWhenItSays) {
  int asked = 0;
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [&](const HttpRequest&) {
        if (++asked < 3) {
          return HttpResponse{.status = 429, .headers = {{"Retry-After", "7"}}};
        }
        return HttpResponse{.status = 200, .body = kManifest};
      };
  const Instant begun = clock_.Now();

  ASSERT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());

  EXPECT_EQ(clock_.Now() - begun, absl::Seconds(14));
}

TEST_F(RegistryClientTest, AnUnreachableRegistryIsGivenUpAfterSixTries) {
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kUnavailable, "refused"));

  EXPECT_THAT(servers_.calls, SizeIs(6));
}

TEST_F(RegistryClientTest, NoTryBeginsBehindTheDeadline) {
  options_.deadline = clock_.Now() + absl::Seconds(2);
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };
  client_ = *MakeRegistryClient(options_, servers_, credentials_, clock_,
                                [] { return 0.0; });

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kUnavailable, "refused"));

  EXPECT_THAT(servers_.calls, SizeIs(2));
}

TEST_F(RegistryClientTest, AMirrorIsAskedFirstAndTheRegistryAfterIt) {
  options_.mirrors = {"r.example=m.example/r"};
  servers_.Fixed("https://r.example/v2/app/manifests/1",
                 {.status = 200, .body = kManifest});

  ASSERT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());

  EXPECT_THAT(servers_.calls,
              ElementsAre("GET https://m.example/v2/r/app/manifests/1",
                          "GET https://r.example/v2/app/manifests/1"));
}

TEST_F(RegistryClientTest, WhenBothFailBothAreInTheError) {
  options_.mirrors = {"r.example=m.example/r"};

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kNotFound,
                       "mirror m.example: the registry answers 404: the "
                       "registry answers 404"));
}

TEST_F(RegistryClientTest, LoopbackMaySpeakPlainHttp) {
  servers_.answers["https://127.0.0.1:5000/v2/"] = [](const HttpRequest&) {
    return absl::FailedPreconditionError("no TLS");
  };
  servers_.Fixed("http://127.0.0.1:5000/v2/app/manifests/1",
                 {.status = 200, .body = kManifest});

  EXPECT_THAT(Client().FetchManifest(Image("127.0.0.1:5000/app:1")), IsOk());
}

TEST_F(RegistryClientTest, OthersNeverSpeakPlainHttp) {
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [](const HttpRequest&) {
        return absl::FailedPreconditionError("no TLS");
      };

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kFailedPrecondition, "no TLS"));
  EXPECT_THAT(servers_.calls, SizeIs(1));
}

TEST_F(RegistryClientTest, TagsComePageByPage) {
  servers_.Fixed(
      "https://r.example/v2/app/tags/list?n=1000",
      {.status = 200,
       .headers = {{"Link", "</v2/app/tags/list?last=b&n=2>; rel=\"next\""}},
       .body = R"({"name":"app","tags":["a","b"]})"});
  servers_.Fixed("https://r.example/v2/app/tags/list?last=b&n=2",
                 {.status = 200, .body = R"({"name":"app","tags":["c"]})"});

  EXPECT_THAT(Client().ListTags(Image("r.example/app")),
              IsOkAndHolds(std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(RegistryClientTest, PagesElsewhereOrInARingAreRefused) {
  const std::string url = "https://r.example/v2/app/tags/list?n=1000";
  servers_.Fixed(url,
                 {.status = 200,
                  .headers = {{"Link", "<https://evil.example/>;rel=next"}},
                  .body = R"({"tags":[]})"});
  EXPECT_THAT(
      Client().ListTags(Image("r.example/app")),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("elsewhere")));

  servers_.Fixed(url,
                 {.status = 200,
                  .headers = {{"Link", absl::StrCat("<", url, ">;rel=next")}},
                  .body = R"({"tags":null})"});
  EXPECT_THAT(Client().ListTags(Image("r.example/app")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("leads back to itself")));
}

TEST_F(RegistryClientTest, EndlessPagesEnd) {
  int asked = 0;
  const FakeServers::Answer next = [&](const HttpRequest&) {
    const std::string path = absl::StrCat("/v2/app/tags/list?last=", ++asked);
    servers_.answers[absl::StrCat("https://r.example", path)] =
        servers_.answers["https://r.example/v2/app/tags/list?n=1000"];
    return HttpResponse{
        .status = 200,
        .headers = {{"Link", absl::StrCat("<", path, ">;rel=next")}},
        .body = R"({"tags":[]})"};
  };
  servers_.answers["https://r.example/v2/app/tags/list?n=1000"] = next;

  EXPECT_THAT(Client().ListTags(Image("r.example/app")),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("pages of tags")));
}

TEST_F(RegistryClientTest, RequestsGoThroughTheProxyAndTrustTheOptionsFiles) {
  options_.extra_ca_file = "/extra.crt";
  options_.proxies = *ProxyRules::Parse("", "proxy:3128", "");
  HttpRequest asked;
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [&](const HttpRequest& request) {
        asked = request;
        return HttpResponse{.status = 200, .body = kManifest};
      };

  ASSERT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());

  ASSERT_TRUE(asked.proxy.has_value());
  EXPECT_EQ(asked.proxy->authority, "proxy:3128");
  EXPECT_EQ(asked.ca_file, HttpRequest().ca_file);
  EXPECT_EQ(asked.extra_ca_file, "/extra.crt");
}

TEST_F(RegistryClientTest, SaysWhenLongWorkIsToEnd) {
  std::stop_source stop;
  options_.stop = stop.get_token();
  EXPECT_THAT(Client().MayGoOn(), IsOk());

  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(Client().MayGoOn(),
              StatusIs(absl::StatusCode::kDeadlineExceeded));

  stop.request_stop();
  EXPECT_THAT(Client().MayGoOn(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(RegistryClientTest, AStopEndsAPause) {
  std::stop_source stop;
  options_.stop = stop.get_token();
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [&](const HttpRequest&) {
        stop.request_stop();
        return absl::UnavailableError("refused");
      };

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace prepull
