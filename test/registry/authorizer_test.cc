#include "src/registry/authorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "prepull/base/passing_error.h"
#include "test/registry/registry_client_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// A registry whose door opens to a token, which is had from `token_url_`.
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
                       HasSubstr("token server a.example rejected the "
                                 "credentials (401 not ***, ***) "
                                 "(tried alice.json)")));
  EXPECT_THAT(std::string(resolved.status().message()),
              Not(HasSubstr("hidden")));
}

TEST_F(TokenTest, ARefusalNamesAllCredentialsThatWereTried) {
  challenge_ = "Basic realm=\"r\"";
  credentials_.users["r.example/app:1"] = {"alice", "carol"};

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       "registry responded 401 "
                       "(tried alice.json, carol.json)"));
}

TEST_F(TokenTest, ARefusalWithoutCredentialsSaysThatNoneFit) {
  servers_.Fixed(token_url_, {.status = 401});
  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       "token server a.example rejected anonymous access "
                       "(401) "
                       "(no matching credentials)"));

  challenge_ = "Basic realm=\"r\"";
  EXPECT_THAT(
      Client().FetchManifest(Image("r.example/app:1")),
      StatusIs(absl::StatusCode::kUnauthenticated,
               "r.example: password required (no matching credentials)"));
}

TEST_F(TokenTest, ARefusalMayPassWhileCredentialsCannotBeHad) {
  challenge_ = "Basic realm=\"r\"";
  credentials_.users["r.example/app:1"] = {"alice"};

  const auto refused = Client().FetchManifest(Image("r.example/app:1"));
  credentials_.unread = "plugin ecr: ended with exit code 1";
  const auto unread = Client().FetchManifest(Image("r.example/app:1"));

  EXPECT_FALSE(IsPassing(refused.status()));
  EXPECT_TRUE(IsPassing(unread.status()));
  EXPECT_THAT(unread,
              StatusIs(absl::StatusCode::kUnauthenticated,
                       "registry responded 401 (tried alice.json; plugin "
                       "ecr: ended with exit code 1)"));
}

TEST_F(TokenTest, WhoIsRefusedIsReported) {
  credentials_.users["r.example/app:1"] = {"alice", "bob", "carol"};
  servers_.answers[token_url_] = [](const HttpRequest& request) {
    return Header(request, "Authorization") == kBasicBob
               ? HttpResponse{.status = 200, .body = R"({"token":"t1"})"}
               : HttpResponse{.status = 401};
  };

  ASSERT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());

  EXPECT_THAT(credentials_.refused, ElementsAre("alice"));
}

TEST_F(TokenTest, ATokenServerThatIsBusyMayComeBack) {
  servers_.Fixed(token_url_, {.status = 503});

  const auto resolved = Client().FetchManifest(Image("r.example/app:1"));

  EXPECT_TRUE(IsPassing(resolved.status()));
  EXPECT_THAT(resolved, StatusIs(absl::StatusCode::kUnavailable,
                                 "token server a.example responded 503"));
}

// As ECR answers to a password that has expired.
TEST_F(TokenTest, WhatOpenedTheDoorAndIsForbiddenNowIsAskedForAnew) {
  challenge_ = "Basic realm=\"r\"";
  credentials_.users["r.example/app:1"] = {"old"};
  std::string good = "Basic b2xkOmhpZGRlbg==";  // old:hidden
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [&](const HttpRequest& request) {
        const std::string said = Header(request, "Authorization");
        if (said == good) {
          return HttpResponse{.status = 200, .body = kManifest};
        }
        return HttpResponse{.status = said.empty() ? 401 : 403,
                            .headers = {{"WWW-Authenticate", challenge_}}};
      };
  ASSERT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());
  good = kBasicBob;
  credentials_.users["r.example/app:1"] = {"bob"};

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")), IsOk());
}

TEST_F(TokenTest, ARealmWithoutTlsGetsNoPassword) {
  challenge_ = R"(Bearer realm="http://a.example/token")";
  credentials_.users["r.example/app:1"] = {"alice"};

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("token realm without TLS: a.example")));
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

}  // namespace
}  // namespace prepull
