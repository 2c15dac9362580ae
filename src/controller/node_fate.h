// What became of each node of a Prepull, and what is to be done about each of
// its Jobs. Pure.
#ifndef PREPULL_SRC_CONTROLLER_NODE_FATE_H_
#define PREPULL_SRC_CONTROLLER_NODE_FATE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/kube/job_state.h"
#include "src/controller/cluster_state.h"
#include "src/controller/node_choice.h"
#include "src/controller/node_group.h"

namespace prepull {

// What a Prepull wants of its nodes at present.
struct Work {
  NodeTask task = NodeTask::kFetch;
  int64_t round = 1;
  // As GroupsOf returns them; must outlive the work and its fates.
  const std::vector<NodeGroup>* groups = nullptr;
};

// Returns the name of the Job for `node`: the same for the same work, so that
// two controllers collide instead of doubling it.
std::string NodeJobName(absl::string_view prepull, absl::string_view node,
                        const NodeGroup& group, const Work& work);

// The newest record of each node, with the name of its shard.
struct KnownRecord {
  std::string shard = "";
  const NodeRecord* record = nullptr;
};
using RecordMap = std::map<std::string, KnownRecord>;

// Those of an earlier Prepull of the same name go with it, and say nothing.
RecordMap RecordsIn(const std::map<std::string, ShardView>& shards,
                    absl::string_view prepull_uid);

// Whether `record` is the end of the present work on a node of `group`. Who has
// all images is done in every round; who has not is asked again in a new one.
bool IsEndOf(const NodeRecord& record, const NodeGroup& group,
             const Work& work);

struct NodeFate {
  ChosenNode chosen = {};
  const NodeGroup* group = nullptr;
  NodeVerdict verdict = {};
  // Nothing more is to be done there in this round.
  bool has_ended = false;
  const JobView* job = nullptr;        // that exists for it
  const NodeRecord* record = nullptr;  // if has_ended and it was asked
  JobPods pods = {};                   // of `job`
};

// What decisions follow. All of it must outlive their results.
struct Known {
  const ClusterState& cluster;
  const PrepullObjects& objects;  // of the Prepull
  const RecordMap& records;
  absl::Time now;
};

std::vector<NodeFate> FatesOf(const PrepullSpec& spec, const Work& work,
                              const Known& known);

// What is to be done about a Job.
struct JobStep {
  enum class Kind {
    kLeave,
    kAskPods,  // it is over, and how its pod ended is not known yet
    kRecord,
    kDelete,  // its end is on record, or nobody wants it any more
  };

  Kind kind = Kind::kLeave;
  std::string job = "";
  std::string uid = "";
  std::string node = "";
  NodeRecord record = {};                          // for kRecord
  absl::Time look_again = absl::InfiniteFuture();  // without any news
};

// `asked`: the uids of Jobs whose pods the API server was asked for by name.
std::vector<JobStep> JobStepsOf(const std::vector<NodeFate>& fates,
                                const std::set<std::string>& asked,
                                const Known& known);

// Whether the Job has come to its end: also with FailureTarget, when its last
// pod is yet to go.
bool IsOver(const JobView& job);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_NODE_FATE_H_
