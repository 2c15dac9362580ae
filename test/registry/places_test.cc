#include "src/registry/places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "src/registry/digester.h"
#include "src/registry/registries_conf.h"
#include "test/registry/registry_client_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAtMirror[] = "https://m.example/v2/r/app/manifests/1";
constexpr char kAtRegistry[] = "https://r.example/v2/app/manifests/1";

class PlacesTest : public RegistryClientTest {
 protected:
  PlacesTest() {
    options_.mirrors = {"r.example=m.example/r"};
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
  }
  ~PlacesTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  absl::Status FetchManifest() {
    return Client().FetchManifest(Image("r.example/app:1")).status();
  }

  std::vector<std::string> warnings_;
};

TEST_F(PlacesTest, AMirrorIsAskedFirstAndTheRegistryAfterIt) {
  servers_.Fixed(kAtRegistry, {.status = 200, .body = kManifest});

  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, ElementsAre(absl::StrCat("GET ", kAtMirror),
                                          absl::StrCat("GET ", kAtRegistry)));
}

TEST_F(PlacesTest, WhenBothFailBothAreInTheError) {
  EXPECT_THAT(FetchManifest(),
              StatusIs(absl::StatusCode::kNotFound,
                       "mirror m.example: registry responded 404: "
                       "registry responded 404"));
}

TEST_F(PlacesTest, ADeadMirrorIsAskedOnceForAllRequests) {
  servers_.answers[kAtMirror] = [](const HttpRequest&) {
    return absl::UnavailableError("refused");
  };
  servers_.Fixed(kAtRegistry, {.status = 200, .body = kManifest});
  const Instant begun = clock_.Now();

  ASSERT_THAT(FetchManifest(), IsOk());
  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, ElementsAre(absl::StrCat("GET ", kAtMirror),
                                          absl::StrCat("GET ", kAtRegistry),
                                          absl::StrCat("GET ", kAtRegistry)));
  EXPECT_EQ(clock_.Now(), begun);
  EXPECT_THAT(warnings_,
              ElementsAre(AllOf(HasSubstr("mirror is passed over"),
                                HasSubstr("m.example"), HasSubstr("refused"))));
}

TEST_F(PlacesTest, AMirrorThatIsBrokenIsPassedOver) {
  servers_.Fixed(kAtMirror, {.status = 500});
  servers_.Fixed(kAtRegistry, {.status = 200, .body = kManifest});

  ASSERT_THAT(FetchManifest(), IsOk());
  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, SizeIs(3));
  EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(PlacesTest, AMirrorThatIsBusyOrLacksTheImageIsAskedAgain) {
  servers_.Fixed(kAtMirror, {.status = 429});
  servers_.Fixed(kAtRegistry, {.status = 200, .body = kManifest});
  ASSERT_THAT(FetchManifest(), IsOk());
  servers_.Fixed(kAtMirror, {.status = 404});
  ASSERT_THAT(FetchManifest(), IsOk());
  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, SizeIs(6));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(PlacesTest, WhereOnlyTheMirrorIsReachableItIsWaitedFor) {
  int asked = 0;
  servers_.answers[kAtMirror] = [&](const HttpRequest&) {
    if (++asked < 4) return HttpResponse{.status = 503};
    return HttpResponse{.status = 200, .body = kManifest};
  };
  servers_.answers[kAtRegistry] = [](const HttpRequest&) {
    return absl::UnavailableError("no route");
  };

  EXPECT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(PlacesTest, WhereNothingIsReachableTheMirrorIsAskedNextTimeToo) {
  for (const char* place : {kAtMirror, kAtRegistry}) {
    servers_.answers[place] = [](const HttpRequest&) {
      return absl::UnavailableError("no route");
    };
  }
  ASSERT_THAT(FetchManifest(), StatusIs(absl::StatusCode::kUnavailable));
  servers_.Fixed(kAtMirror, {.status = 200, .body = kManifest});

  EXPECT_THAT(FetchManifest(), IsOk());
  EXPECT_THAT(warnings_, IsEmpty());
}

// With the node's own configuration.
class NodePlacesTest : public PlacesTest {
 protected:
  NodePlacesTest() { options_.mirrors = {}; }

  void NodeHas(const std::string& conf) {
    node_.Add(*ParseRegistriesConf(conf, "r.conf"));
    options_.node = std::make_shared<const NodeRegistries>(node_);
  }

  NodeRegistries node_;
};

constexpr char kTwoMirrors[] = R"(
  [[registry]]
  location = "r.example"
  [[registry.mirror]]
  location = "n.example/one"
  [[registry.mirror]]
  location = "n.example:5000/two"
)";

TEST_F(NodePlacesTest, MirrorsAreAskedInOrderAfterTheUsersAndBeforeTheOwn) {
  options_.mirrors = {"r.example=m.example/r"};
  NodeHas(kTwoMirrors);
  servers_.Fixed(kAtRegistry, {.status = 200, .body = kManifest});

  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls,
              ElementsAre(absl::StrCat("GET ", kAtMirror),
                          "GET https://n.example/v2/one/app/manifests/1",
                          "GET https://n.example:5000/v2/two/app/manifests/1",
                          absl::StrCat("GET ", kAtRegistry)));
}

TEST_F(NodePlacesTest, AMirrorThatIsTheUsersTooIsAskedOnce) {
  options_.mirrors = {"r.example=n.example/one"};
  NodeHas(kTwoMirrors);

  EXPECT_THAT(FetchManifest(),
              StatusIs(absl::StatusCode::kNotFound,
                       "mirror n.example: registry responded 404: mirror "
                       "n.example:5000: registry responded 404: registry "
                       "responded 404"));
}

TEST_F(NodePlacesTest, ADeadMirrorIsSkippedOnceALaterOneAnswers) {
  NodeHas(kTwoMirrors);
  servers_.answers["https://n.example/v2/one/app/manifests/1"] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };
  servers_.Fixed("https://n.example:5000/v2/two/app/manifests/1",
                 {.status = 200, .body = kManifest});

  ASSERT_THAT(FetchManifest(), IsOk());
  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, SizeIs(3));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("n.example")));
}

// A node that is cut off from the source of its images.
TEST_F(NodePlacesTest, WhereTheSourceIsBlockedItsMirrorIsWaitedFor) {
  NodeHas(R"(
    [[registry]]
    location = "r.example"
    blocked = true
    [[registry.mirror]]
    location = "n.example")");
  int asked = 0;
  servers_.answers["https://n.example/v2/app/manifests/1"] =
      [&](const HttpRequest&) {
        if (++asked < 3) return HttpResponse{.status = 503};
        return HttpResponse{.status = 200, .body = kManifest};
      };

  EXPECT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, SizeIs(3));
}

TEST_F(NodePlacesTest, WhatIsBlockedIsAskedOfTheUsersMirrorAlone) {
  NodeHas("[[registry]]\nlocation = 'r.example'\nblocked = true");
  EXPECT_THAT(FetchManifest(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                        "r.example/app: blocked by r.conf:1"));

  client_ = nullptr;
  options_.mirrors = {"r.example=m.example/r"};
  servers_.Fixed(kAtMirror, {.status = 200, .body = kManifest});

  EXPECT_THAT(FetchManifest(), IsOk());
}

TEST_F(NodePlacesTest, ATagThatTheMirrorsAreNotAskedForSaysSo) {
  NodeHas(R"([[registry]]
    location = "r.example"
    mirror-by-digest-only = true
    [[registry.mirror]]
    location = "n.example")");

  EXPECT_THAT(FetchManifest(),
              StatusIs(absl::StatusCode::kNotFound,
                       "registry responded 404 (the mirrors of r.conf:1 are "
                       "asked for digests only)"));

  client_ = nullptr;
  NodeHas(R"([[registry]]
    location = "r.example"
    mirror-by-digest-only = true
    blocked = true
    [[registry.mirror]]
    location = "n.example")");
  EXPECT_THAT(FetchManifest(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "r.example/app: blocked by r.conf:1 (the mirrors of "
                       "r.conf:1 are asked for digests only)"));
}

TEST_F(NodePlacesTest, CredentialsAreThoseOfThePlaceThatIsAsked) {
  NodeHas(kTwoMirrors);
  credentials_.users["n.example/one/app:1"] = {"bob"};
  servers_.answers["https://n.example/v2/one/app/manifests/1"] =
      [](const HttpRequest& request) {
        if (Header(request, "Authorization") == kBasicBob) {
          return HttpResponse{.status = 200, .body = kManifest};
        }
        return HttpResponse{.status = 401,
                            .headers = {{"WWW-Authenticate", "Basic"}}};
      };

  EXPECT_THAT(FetchManifest(), IsOk());
}

TEST_F(NodePlacesTest, EachPlaceHasItsOwnTrust) {
  NodeHas(kTwoMirrors);
  node_.Trust("n.example", {"/n.crt", "PEM"});
  NodeHas(R"([[registry]]
    location = "s.example"
    insecure = true)");
  std::vector<HttpRequest> requests;
  servers_.answers["https://n.example/v2/one/app/manifests/1"] =
      [&](const HttpRequest& request) {
        requests.push_back(request);
        return HttpResponse{.status = 200, .body = kManifest};
      };
  servers_.answers["https://s.example/v2/"] = [&](const HttpRequest& request) {
    requests.push_back(request);
    return absl::FailedPreconditionError("TLS handshake: wrong version number");
  };
  servers_.answers["http://s.example/v2/"] = [](const HttpRequest&) {
    return HttpResponse{.status = 200};
  };
  servers_.Fixed("http://s.example/v2/app/manifests/1",
                 {.status = 200, .body = kManifest});

  ASSERT_THAT(FetchManifest(), IsOk());
  ASSERT_THAT(Client().FetchManifest(Image("s.example/app:1")), IsOk());

  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_THAT(requests[0].extra_ca, ElementsAre(CaFile{"/n.crt", "PEM"}));
  EXPECT_FALSE(requests[0].accepts_any_certificate);
  EXPECT_THAT(requests[1].extra_ca, IsEmpty());
  EXPECT_TRUE(requests[1].accepts_any_certificate);
}

class MirroredBlobTest : public PlacesTest {
 protected:
  MirroredBlobTest() {
    servers_.Fixed(absl::StrCat("https://r.example/v2/app/blobs/", digest_),
                   {.status = 200, .body = "bytes"});
  }

  void MirrorHas(HttpResponse response) {
    servers_.Fixed(absl::StrCat("https://m.example/v2/r/app/blobs/", digest_),
                   std::move(response));
  }

  const std::string digest_ = DigestOf("bytes");
};

TEST_F(MirroredBlobTest, AWebPageInItsPlaceHasTheRegistryAsked) {
  MirrorHas({.status = 200,
             .headers = {{"Content-Type", "text/html; charset=utf-8"}},
             .body = "sorry"});

  EXPECT_THAT(Fetch("bytes", digest_), IsOk());
  EXPECT_EQ(received_, "bytes");
}

TEST_F(MirroredBlobTest, AnotherLengthHasTheRegistryAsked) {
  MirrorHas(
      {.status = 200, .headers = {{"Content-Length", "4"}}, .body = "gone"});

  EXPECT_THAT(Fetch("bytes", digest_), IsOk());
  EXPECT_EQ(received_, "bytes");
}

TEST_F(MirroredBlobTest, AnEmptyAnswerHasTheRegistryAsked) {
  MirrorHas({.status = 200});

  EXPECT_THAT(Fetch("bytes", digest_), IsOk());
}

TEST_F(MirroredBlobTest, WrongBytesThatWentOnEndItWithOneSentence) {
  MirrorHas({.status = 200, .body = "gone"});

  EXPECT_THAT(
      Fetch("bytes", digest_),
      StatusIs(
          absl::StatusCode::kDataLoss,
          "mirror m.example: blob: size mismatch: got 4 bytes, expected 5"));
  EXPECT_THAT(servers_.calls, SizeIs(1));
}

TEST_F(MirroredBlobTest, ABlobThatBreaksOffForGoodGoesOnAtTheRegistry) {
  int asked = 0;
  servers_.answers[absl::StrCat("https://m.example/v2/r/app/blobs/", digest_)] =
      [&](const HttpRequest&) -> absl::StatusOr<HttpResponse> {
    if (++asked > 1) return absl::UnavailableError("refused");
    return HttpResponse{
        .status = 200, .headers = {{"Breaks-Off", "yes"}}, .body = "by"};
  };

  EXPECT_THAT(Fetch("bytes", digest_), IsOk());

  EXPECT_EQ(received_, "bytes");
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace prepull
