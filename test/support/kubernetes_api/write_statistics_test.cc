#include "test/support/kubernetes_api/write_statistics.h"

#include <string>

#include "prepull/base/json_reader.h"
#include "test/support/kubernetes_api/fake_kubernetes_fixture.h"

namespace prepull {
namespace {

TEST_F(FakeKubernetesTest, MeasuresHowSoonAnEndIsActedUpon) {
  WriteStatistics statistics(clock_);
  fake_.OnWrite([&](const FakeKubernetes::Write& write) {
    statistics.OnWrite(write, fake_);
  });
  Create("results");
  fake_.Put({.group_version = "batch/v1",
             .resource = "jobs",
             .object_namespace = "team",
             .name = "j"},
            "{}");

  statistics.OnJobOver({.name = "j", .node = "w1"});
  clock_.Advance(absl::Milliseconds(400));
  Patch("results", kMerge, R"({"data":{"w1":"line"}})");
  Patch("results", kMerge, R"({"data":{"w1":"again"}})");
  clock_.Advance(absl::Milliseconds(200));
  Code("DELETE", "/apis/batch/v1/namespaces/team/jobs/j");

  const JsonDocument said =
      JsonDocument::Parse(statistics.Json(fake_, {{"create pods", 3}})).value();
  EXPECT_EQ(said["recorded"]["count"].integer(), 1);
  EXPECT_EQ(said["recorded"]["max_ms"].integer(), 400);
  EXPECT_EQ(said["deleted"]["median_ms"].integer(), 600);
  EXPECT_EQ(said["client"]["patch configmaps"].integer(), 2);
  EXPECT_EQ(said["cluster"]["create pods"].integer(), 3);
}

}  // namespace
}  // namespace prepull
