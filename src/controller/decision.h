// What is to be done for one Prepull, from nothing but what is known: which
// lists and Jobs to make, which results to record, which Jobs to delete, and
// what its status is. Pure.
//
// Deciding again after any part of it was done, by this controller or another,
// leads to the rest of it and no further.
#ifndef PREPULL_SRC_CONTROLLER_DECISION_H_
#define PREPULL_SRC_CONTROLLER_DECISION_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/deploy/node_job.h"
#include "src/controller/cluster_state.h"
#include "src/controller/node_fate.h"
#include "src/controller/node_group.h"
#include "src/controller/rollout.h"
#include "src/controller/shard_write.h"
#include "src/controller/status_text.h"

namespace prepull {

// What the sources of a Prepull came to, the last time that they were asked.
struct Resolution {
  std::string inputs_hash = "";
  absl::StatusOr<std::string> text = "";  // the list in its normal form
  absl::Time at = absl::InfinitePast();
};

// What a controller knows of a Prepull beside the cluster; lost at its end, and
// then found out again.
struct PrepullMemory {
  std::string uid = "";  // of the Prepull that it is of
  std::optional<Resolution> resolution = std::nullopt;
  bool is_resolving = false;
  std::set<std::string> asked = {};  // Jobs whose pods were asked for, by uid

  std::string write_error = "";  // of the last round of writes; "" = none

  // What is costly to make, and of what it was made.
  int64_t named_generation = -1;
  absl::StatusOr<std::string> named = "";  // the list of its named images
  int64_t groups_generation = -1;
  std::string groups_list = "";
  absl::StatusOr<std::vector<NodeGroup>> groups = std::vector<NodeGroup>();
};

struct ControllerRules {
  std::string name_space = "";
  std::vector<std::string> allowed_secrets = {};
  // Its pods do not see the disk of the runtime's images.
  bool is_blind_to_disk = false;
  // What is not up to date, and since when; "" = everything is.
  std::string stale = "";
};

struct ListWrite {
  std::string name = "";
  std::string hash = "";
  std::string inputs = "";  // of the list for all nodes
  std::string text = "";
};

// A failure that is about to go on record.
struct FailedRecord {
  std::string node = "";
  std::string image = "";  // "" = of the node as a whole
  std::string reason = "";
  std::string message = "";
};

struct Decision {
  bool resolves = false;  // its sources are to be asked
  std::vector<ListWrite> lists = {};
  std::vector<JobStep> steps = {};
  std::vector<ShardWrite> records = {};   // those of the steps
  std::vector<FailedRecord> failed = {};  // in them
  std::vector<NodeJob> jobs = {};
  std::vector<std::string> unused_lists = {};  // ConfigMaps
  // The round and what began it are not in the status yet: it comes before any
  // Job of it.
  bool begins_round = false;
  StatusFacts status = {};
  bool expires = false;  // the Prepull is to be deleted
  absl::Time look_again = absl::InfiniteFuture();  // without any news
};

Decision Decide(const PrepullView& prepull, const ClusterState& cluster,
                const ControllerRules& rules, PrepullMemory& memory,
                absl::Time now);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_DECISION_H_
