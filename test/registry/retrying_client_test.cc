#include "src/registry/retrying_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "prepull/base/passing_error.h"
#include "test/registry/registry_client_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

using RetryingClientTest = RegistryClientTest;

TEST_F(RetryingClientTest, ABusyRegistryIsAskedAgainWhenItSays) {
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

TEST_F(RetryingClientTest, ABusyOrUnreachableRegistryMayComeBack) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    servers_.Fixed("https://r.example/v2/app/manifests/1", {.status = status});

    const auto resolved = Client().FetchManifest(Image("r.example/app:1"));

    EXPECT_TRUE(IsPassing(resolved.status())) << status;
    EXPECT_EQ(absl::IsResourceExhausted(resolved.status()), status == 429);
  }
  for (const int status : {400, 404, 403, 501}) {
    servers_.Fixed("https://r.example/v2/app/manifests/1", {.status = status});

    const auto resolved = Client().FetchManifest(Image("r.example/app:1"));

    EXPECT_FALSE(resolved.ok()) << status;
    EXPECT_FALSE(IsPassing(resolved.status())) << status;
  }
}

TEST_F(RetryingClientTest, AWebPageIsWorthAMinuteOfTries) {
  servers_.Fixed("https://r.example/v2/app/manifests/1",
                 {.status = 200,
                  .headers = {{"Content-Type", "text/html; charset=utf-8"}},
                  .body = "<html>"});
  const Instant begun = clock_.Now();

  absl::Status failure;
  int tries = 0;
  do {
    failure = Client().FetchManifest(Image("r.example/app:1")).status();
  } while (IsWorthAnotherTry(failure, ++tries) && Client().Pause(tries).ok());

  EXPECT_THAT(failure, StatusIs(absl::StatusCode::kDataLoss,
                                "registry responded with an HTML page"));
  EXPECT_GT(clock_.Now() - begun, absl::Minutes(1));
  EXPECT_LT(clock_.Now() - begun, absl::Minutes(3));
}

// Serves r.example/app:1 to who waits for it as long as `takes_`.
class SlowServerTest : public RegistryClientTest {
 protected:
  SlowServerTest() {
    servers_.answers["https://r.example/v2/app/manifests/1"] =
        [this](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
      limits_.push_back(request.limits.idle);
      const absl::Duration waited = std::min(takes_, request.limits.idle);
      clock_.Advance(waited);
      if (waited < takes_) return absl::DeadlineExceededError("silent");
      return HttpResponse{.status = 200, .body = kManifest};
    };
  }

  absl::Status FetchManifest() {
    return Client().FetchManifest(Image("r.example/app:1")).status();
  }

  absl::Duration takes_ = absl::ZeroDuration();
  std::vector<absl::Duration> limits_;
};

TEST_F(SlowServerTest, IsGivenTwiceTheTimeAtEachTry) {
  takes_ = absl::Seconds(45);

  EXPECT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(limits_, ElementsAre(absl::Seconds(30), absl::Minutes(1)));
}

TEST_F(SlowServerTest, KeepsTheTimeThatItWasGiven) {
  takes_ = absl::Seconds(200);
  EXPECT_THAT(FetchManifest(), StatusIs(absl::StatusCode::kDeadlineExceeded));

  EXPECT_THAT(FetchManifest(), IsOk());

  EXPECT_THAT(limits_, ElementsAre(absl::Seconds(30), absl::Minutes(1),
                                   absl::Minutes(2), absl::Minutes(4)));
}

TEST_F(SlowServerTest, AnotherServerIsGivenTheUsualTime) {
  takes_ = absl::Seconds(45);
  absl::Duration limit;
  servers_.answers["https://other.example/v2/app/manifests/1"] =
      [&](const HttpRequest& request) {
        limit = request.limits.idle;
        return HttpResponse{.status = 200, .body = kManifest};
      };
  ASSERT_THAT(FetchManifest(), IsOk());

  ASSERT_THAT(Client().FetchManifest(Image("other.example/app:1")), IsOk());

  EXPECT_EQ(limit, absl::Seconds(30));
}

TEST_F(RetryingClientTest, AConnectionThatIsNotMadeIsNoSlowAnswer) {
  std::vector<absl::Duration> limits;
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [&](const HttpRequest& request) {
        limits.push_back(request.limits.idle);
        clock_.Advance(request.limits.connect);
        return absl::DeadlineExceededError("connect: timed out");
      };

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kDeadlineExceeded));

  EXPECT_THAT(limits, Each(absl::Seconds(30)));
}

TEST_F(RetryingClientTest, NobodyIsAskedBeforeARegistryWantsToBe) {
  options_.deadline = clock_.Now() + absl::Minutes(2);
  servers_.Fixed("https://r.example/v2/app/manifests/1",
                 {.status = 429, .headers = {{"Retry-After", "3600"}}});
  client_ = *MakeRegistryClient(options_, servers_, credentials_, clock_,
                                [] { return 0.0; });

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Client().Pause(1), StatusIs(absl::StatusCode::kDeadlineExceeded));

  EXPECT_THAT(servers_.calls, SizeIs(1));
}

TEST_F(RetryingClientTest, APauseBeyondTheDeadlineBecomesOneLastTryBeforeIt) {
  options_.deadline = clock_.Now() + absl::Seconds(40);
  client_ = *MakeRegistryClient(options_, servers_, credentials_, clock_,
                                [] { return 0.0; });
  const Instant begun = clock_.Now();

  EXPECT_THAT(Client().Pause(6), IsOk());
  EXPECT_EQ(clock_.Now() - begun, absl::Seconds(20));

  EXPECT_THAT(Client().Pause(7), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(clock_.Now() - begun, absl::Seconds(20));
}

TEST_F(RetryingClientTest, AnUnreachableRegistryIsGivenUpAfterAFewTries) {
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kUnavailable, "refused"));

  EXPECT_THAT(servers_.calls, SizeIs(3));
}

TEST_F(RetryingClientTest, NoTryBeginsBehindTheDeadline) {
  options_.deadline = clock_.Now() + absl::Seconds(2);
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };
  client_ = *MakeRegistryClient(options_, servers_, credentials_, clock_,
                                [] { return 0.0; });

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kUnavailable, "refused"));

  EXPECT_THAT(servers_.calls, SizeIs(2));
}

TEST_F(RetryingClientTest, RequestsGoThroughTheProxyAndTrustTheOptionsFiles) {
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

TEST_F(RetryingClientTest, AStopEndsAPause) {
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
