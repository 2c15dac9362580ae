#include "src/registry/patient_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/registry/registry_client_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::SizeIs;

using PatientClientTest = RegistryClientTest;

TEST_F(PatientClientTest, ABusyRegistryIsAskedAgainWhenItSays) {
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

TEST_F(PatientClientTest, AnUnreachableRegistryIsGivenUpAfterSixTries) {
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kUnavailable, "refused"));

  EXPECT_THAT(servers_.calls, SizeIs(6));
}

TEST_F(PatientClientTest, NoTryBeginsBehindTheDeadline) {
  options_.deadline = clock_.Now() + absl::Seconds(2);
  servers_.answers["https://r.example/v2/app/manifests/1"] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };
  client_ = *MakeRegistryClient(options_, servers_, credentials_, clock_,
                                [] { return 0.0; });

  EXPECT_THAT(Client().FetchManifest(Image("r.example/app:1")),
              StatusIs(absl::StatusCode::kUnavailable, "refused"));

  EXPECT_THAT(servers_.calls, SizeIs(2));
}

TEST_F(PatientClientTest, RequestsGoThroughTheProxyAndTrustTheOptionsFiles) {
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

TEST_F(PatientClientTest, AStopEndsAPause) {
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
