#include "prepull/registry/registry_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/registry/digester.h"
#include "test/registry/registry_client_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

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

TEST_F(RegistryClientTest, AManifestThatIsNoneIsCalledSo) {
  servers_.Fixed("https://r.example/v2/app/manifests/1",
                 {.status = 200, .body = "<html>"});

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "manifest: invalid JSON: syntax error"));
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
      StatusIs(absl::StatusCode::kDataLoss,
               HasSubstr("digest mismatch: got ")));
}

TEST_F(RegistryClientTest, TheRegistrysWordsAreInTheError) {
  servers_.Fixed(
      "https://r.example/v2/app/manifests/1",
      {.status = 404,
       .body = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"gone"}]})"});

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kNotFound,
                       "registry responded 404 MANIFEST_UNKNOWN: gone"));
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

TEST_F(RegistryClientTest, WhatIsNoHostIsNoInsecureRegistry) {
  options_.insecure_hosts = {"h.example:5000", "https://h"};

  EXPECT_THAT(MakeRegistryClient(options_, servers_, credentials_, clock_,
                                 [] { return 0.0; })
                  .status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "--registry-insecure: invalid host \"https://h\": "
                       "expected HOST[:PORT]"));
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

TEST_F(RegistryClientTest, ThePagesLinkMayBeRelative) {
  servers_.Fixed("https://r.example/v2/app/tags/list?n=1000",
                 {.status = 200,
                  .headers = {{"Link", "<?last=b>; rel=\"next\""}},
                  .body = R"({"tags":["a","b"]})"});
  servers_.Fixed("https://r.example/v2/app/tags/list?last=b",
                 {.status = 200, .body = R"({"tags":["c"]})"});

  EXPECT_THAT(Client().ListTags(Image("r.example/app")),
              IsOkAndHolds(std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(RegistryClientTest, PagesElsewhereOrInARingAreRefused) {
  const std::string url = "https://r.example/v2/app/tags/list?n=1000";
  servers_.Fixed(url,
                 {.status = 200,
                  .headers = {{"Link", "<https://evil.example/>;rel=next"}},
                  .body = R"({"tags":[]})"});
  EXPECT_THAT(Client().ListTags(Image("r.example/app")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("outside of the repository")));

  servers_.Fixed(url,
                 {.status = 200,
                  .headers = {{"Link", absl::StrCat("<", url, ">;rel=next")}},
                  .body = R"({"tags":null})"});
  EXPECT_THAT(Client().ListTags(Image("r.example/app")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("the pages form a loop")));
}

TEST_F(RegistryClientTest, TagsLongerThanTagsMayBeAreRefused) {
  servers_.Fixed(
      "https://r.example/v2/app/tags/list?n=1000",
      {.status = 200,
       .body = absl::StrCat(R"({"tags":[")", std::string(129, 'v'), R"("]})")});

  EXPECT_THAT(Client().ListTags(Image("r.example/app")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("at most 128 bytes")));
}

TEST_F(RegistryClientTest, ARedirectToNoServerIsRefused) {
  servers_.Fixed(
      "https://r.example/v2/app/manifests/1",
      {.status = 307, .headers = {{"Location", "file:///etc/passwd"}}});

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "redirect: invalid URL: expected http or https"));
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

  EXPECT_THAT(
      Client().ListTags(Image("r.example/app")),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("10000 pages")));
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
                       HasSubstr("redirect without TLS: store.example")));
}

TEST_F(RegistryClientTest, ARedirectToOurOwnLoopbackIsRefused) {
  const std::string digest = DigestOf("bytes");
  servers_.Fixed(
      absl::StrCat("https://r.example/v2/app/blobs/", digest),
      {.status = 307, .headers = {{"Location", "http://127.0.0.1:10248/"}}});

  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("redirect without TLS: 127.0.0.1:10248")));
  EXPECT_THAT(servers_.calls, SizeIs(1));
}

}  // namespace
}  // namespace prepull
