#include "src/controller/controller_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "test/support/fake_clock.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGoldenMetrics[] = "test/golden/controller_metrics.txt";

StatusFacts MixedStatus() {
  StatusFacts status = {.phase = "Paused"};
  status.summary.nodes = {.total = 21,
                          .not_started = 1,
                          .active = 2,
                          .succeeded = 3,
                          .failed = 4,
                          .timed_out = 5,
                          .unreachable = 6};
  status.summary.images = {
      .pulled = 40, .skipped = 8, .failed = 2, .stopped = 1};
  return status;
}

TEST(ControllerMetricsTest, EqualsTheGoldenFile) {
  FakeClock clock;
  ControllerMetrics metrics(clock);
  metrics.SetPrepull("app", MixedStatus());
  metrics.SetPrepull("gone", {});
  metrics.RemovePrepull("gone");
  metrics.AddWrite("create", true);
  metrics.AddWrite("create", true);
  metrics.AddWrite("patch", false);
  metrics.AddPass(absl::Milliseconds(120));
  metrics.AddPass(absl::Milliseconds(5));
  metrics.SetWatch("nodes", true, false);
  metrics.SetWatch("pods", true, true);

  const HttpPage page = metrics.Page("/metrics");

  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kGoldenMetrics) << page.body;
  }
  std::ostringstream golden;
  golden << std::ifstream(kGoldenMetrics).rdbuf();
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(page.body, golden.str()) << "UPDATE_GOLDEN=1 refreshes it";
}

TEST(ControllerMetricsTest, LabelsAreBounded) {
  FakeClock clock;
  ControllerMetrics metrics(clock);
  for (int i = 0; i < 5000; ++i) {
    metrics.SetPrepull(absl::StrCat("p", 10'000 + i), MixedStatus());
  }

  const std::string body = metrics.Page("/metrics").body;

  EXPECT_LT(std::count(body.begin(), body.end(), '\n'), 1100);
  EXPECT_THAT(body, HasSubstr("prepull_prepulls 5000\n"));
  EXPECT_THAT(body, HasSubstr("prepull_prepulls_paused 5000\n"));
  EXPECT_THAT(body, HasSubstr("prepull_nodes{prepull=\"(others)\","
                              "state=\"Succeeded\"} 14700\n"));
  EXPECT_THAT(body, HasSubstr("prepull_images{prepull=\"(others)\","
                              "state=\"Pulled\"} 196000\n"));
}

// Six digits would be "1.23457e+06", and a rate of it nothing or a jump.
TEST(ControllerMetricsTest, CountsExactly) {
  FakeClock clock;
  ControllerMetrics metrics(clock);
  StatusFacts status;
  status.summary.images.pulled = 1'234'567;
  metrics.SetPrepull("app", status);
  metrics.AddPass(absl::Seconds(1'234'567) + absl::Milliseconds(250));

  const std::string body = metrics.Page("/metrics").body;

  EXPECT_THAT(body, HasSubstr("state=\"Pulled\"} 1234567\n"));
  EXPECT_THAT(body, HasSubstr("prepull_reconcile_seconds_sum 1234567.250\n"));
}

TEST(ControllerMetricsTest, IsReadyOnceEverythingIsKnown) {
  FakeClock clock;
  ControllerMetrics metrics(clock);
  metrics.SetWatch("nodes", true, false);
  metrics.SetWatch("pods", false, false);

  EXPECT_EQ(metrics.Page("/readyz").status, 503);
  EXPECT_EQ(metrics.Page("/readyz").body, "the pods are not known yet\n");

  // What it knows may be old for a while.
  metrics.SetWatch("pods", true, true);
  EXPECT_EQ(metrics.Page("/readyz").status, 200);
}

TEST(ControllerMetricsTest, IsHealthyWhilePassesCome) {
  FakeClock clock;
  ControllerMetrics metrics(clock);
  EXPECT_EQ(metrics.Page("/healthz").status, 200);

  metrics.AddPass(absl::Seconds(1));
  clock.Advance(absl::Minutes(10));
  EXPECT_EQ(metrics.Page("/healthz").status, 200);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(metrics.Page("/healthz").status, 503);
}

TEST(ControllerMetricsTest, OtherPagesAreNone) {
  FakeClock clock;
  const ControllerMetrics metrics(clock);

  for (const char* path : {"/", "", "/metrics/", "/healthz?x", "/../etc"}) {
    EXPECT_EQ(metrics.Page(path).status, 404) << path;
    EXPECT_THAT(metrics.Page(path).body, Not(HasSubstr("prepull_"))) << path;
  }
}

}  // namespace
}  // namespace prepull
