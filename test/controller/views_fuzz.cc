// Objects of the API of any shape: each has a view, and what a decision makes
// of them can be written.
#include <cstdint>
#include <string>

#include "prepull/base/text.h"
#include "src/controller/decision.h"
#include "src/controller/views.h"
#include "test/support/require.h"

namespace prepull {
namespace {

// What an object of that shape comes to as one of each kind.
ClusterState ClusterOf(JsonValue object) {
  ClusterState cluster;
  cluster.nodes["w1"] = ViewOfNode(object);
  cluster.nodes["w1"].os = "linux";
  JobView job = ViewOfJob(object);
  if (!job.name.empty()) cluster.PutJob(job);
  job = ViewOfJob(object);
  job.name = "app-1";
  job.uid = "u1";
  job.prepull = "app";
  job.node = "w1";
  cluster.PutJob(job);
  cluster.PutPod("any", ViewOfPod(object));
  PodView pod = ViewOfPod(object);
  pod.job_uid = "u1";
  cluster.PutPod("p1", pod);
  ListView list = ViewOfList(object);
  list.prepull = "app";
  cluster.PutList("app-list", list);
  ShardView shard = ViewOfShard(object);
  shard.name = "app-results-0";
  shard.prepull = "app";
  cluster.PutShard(shard);
  return cluster;
}

void Try(absl::string_view text) {
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  if (!document.ok()) return;
  const JsonValue object = document->root();
  const ClusterState cluster = ClusterOf(object);
  PrepullView prepull = ViewOfPrepull(object);
  prepull.name = "app";
  prepull.is_deleting = false;
  const PrepullView* view = &prepull;
  PrepullView plain = {.name = "app", .generation = prepull.generation};
  plain.spec->images = {"quay.io/a:1"};
  plain.status = prepull.status;
  for (int i = 0; i < 2; ++i, view = &plain) {
    PrepullMemory memory;
    const absl::Time now = absl::FromUnixSeconds(1790000000);
    const Decision decision = Decide(*view, cluster, {}, memory, now);
    const std::string status = StatusText(*view, "ns", decision.status, now);
    Require(IsUtf8(status) && JsonDocument::Parse(status).ok(),
            "a status can be written");
    for (const ShardWrite& write : decision.records) {
      Require(JsonDocument::Parse(write.Patch()).ok(),
              "a record can be written");
    }
    Require(decision.jobs.empty() || !decision.begins_round,
            "a round is told before its Jobs");
  }
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
