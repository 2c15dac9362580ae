// A copy of what the controller watches, kept by the changes that the watches
// report and by what the controller itself has just written.
//
// Threads: of one thread.
#ifndef PREPULL_SRC_CONTROLLER_CLUSTER_STATE_H_
#define PREPULL_SRC_CONTROLLER_CLUSTER_STATE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "src/controller/node_choice.h"
#include "src/controller/views.h"

namespace prepull {

struct OwnRecord {
  std::string shard = "";
  std::string owner_uid = "";  // of the Prepull
  NodeRecord record = {};
  absl::Time written_at = absl::InfinitePast();
};

// What the controller has made for one Prepull, by the objects' names.
struct PrepullObjects {
  std::map<std::string, JobView> jobs = {};
  std::map<std::string, ListView> lists = {};
  std::map<std::string, ShardView> shards = {};
  // What the controller itself has put on record a moment ago, by node: the
  // watch may still show the shard as it was before.
  std::map<std::string, OwnRecord> own_records = {};
  // Jobs that are gone, and when that was seen: their results, which somebody
  // has put on record before, may be yet to be seen.
  std::map<std::string, absl::Time> gone_jobs = {};
};

// The pods of one Job, oldest first.
using JobPods = std::vector<const PodView*>;

class ClusterState {
 public:
  NodeMap nodes;
  std::map<std::string, PrepullView> prepulls;

  // Of the Prepull `name`; those of one that is gone are gone soon, too.
  const PrepullObjects& ObjectsOf(const std::string& name) const;

  // The Prepull of a Job or ConfigMap; "" = it is not known.
  std::string PrepullOfJob(const std::string& name) const;
  std::string PrepullOfConfigMap(const std::string& name) const;

  void PutJob(JobView job);
  void PutList(const std::string& name, ListView list);
  void PutShard(ShardView shard);
  void PutPod(const std::string& name, PodView pod);

  // `seen_at`: when that was seen, of one that somebody has deleted.
  void EraseJob(const std::string& name,
                absl::Time seen_at = absl::InfinitePast());
  void EraseConfigMap(const std::string& name);
  // `last`: how the pod was when it was deleted. If it had ended, its result
  // is kept for as long as its Job is there.
  void ErasePod(const std::string& name, const PodView* last);

  JobPods PodsOf(const std::string& job_uid) const;

  void PutOwnRecord(const std::string& prepull, const std::string& node,
                    OwnRecord record);

  // Forgets what is only good for a moment, and Jobs without uid that no watch
  // has shown for long.
  void Forget(absl::Time now);

  // Marks the Job as being deleted, before the watch says so.
  void MarkDeleted(const std::string& job_name);

 private:
  struct KeptPod {
    PodView view;
    bool is_gone = false;
  };

  std::map<std::string, PrepullObjects> objects_;      // by Prepull
  std::map<std::string, std::string> prepull_of_job_;  // by Job
  std::set<std::string> job_uids_;
  std::map<std::string, std::string> prepull_of_config_;        // by ConfigMap
  std::map<std::string, std::string> job_of_pod_;               // uid, by pod
  std::map<std::string, std::map<std::string, KeptPod>> pods_;  // by Job's uid
};

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_CLUSTER_STATE_H_
