#include "src/registry/mirrors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "src/registry/digester.h"
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

class MirrorsTest : public RegistryClientTest {
 protected:
  MirrorsTest() {
    options_.mirrors = {"r.example=m.example/r"};
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
  }
  ~MirrorsTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  absl::Status FetchManifest() {
    return Client().FetchManifest(Image("r.example/app:1")).status();
  }

  std::vector<std::string> warnings_;
};

TEST_F(MirrorsTest, AMirrorIsAskedFirstAndTheRegistryAfterIt) {
  servers_.Fixed(kAtRegistry, {.status = 200, .body = kManifest});

  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, ElementsAre(absl::StrCat("GET ", kAtMirror),
                                          absl::StrCat("GET ", kAtRegistry)));
}

TEST_F(MirrorsTest, WhenBothFailBothAreInTheError) {
  EXPECT_THAT(FetchManifest(),
              StatusIs(absl::StatusCode::kNotFound,
                       "mirror m.example: registry responded 404: "
                       "registry responded 404"));
}

TEST_F(MirrorsTest, ADeadMirrorIsAskedOnceForAllRequests) {
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

TEST_F(MirrorsTest, AMirrorThatIsBrokenIsPassedOver) {
  servers_.Fixed(kAtMirror, {.status = 500});
  servers_.Fixed(kAtRegistry, {.status = 200, .body = kManifest});

  ASSERT_THAT(FetchManifest(), IsOk());
  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, SizeIs(3));
  EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(MirrorsTest, AMirrorThatIsBusyOrLacksTheImageIsAskedAgain) {
  servers_.Fixed(kAtMirror, {.status = 429});
  servers_.Fixed(kAtRegistry, {.status = 200, .body = kManifest});
  ASSERT_THAT(FetchManifest(), IsOk());
  servers_.Fixed(kAtMirror, {.status = 404});
  ASSERT_THAT(FetchManifest(), IsOk());
  ASSERT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(servers_.calls, SizeIs(6));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(MirrorsTest, WhereOnlyTheMirrorIsReachableItIsWaitedFor) {
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

TEST_F(MirrorsTest, WhereNothingIsReachableTheMirrorIsAskedNextTimeToo) {
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

class MirroredBlobTest : public MirrorsTest {
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
