// How results get into the ConfigMaps that keep them. Pure.
//
// Each holds up to 200 nodes, so that none grows with the cluster; a node stays
// where it is. All results that are new go into one write for each ConfigMap.
#ifndef PREPULL_SRC_CONTROLLER_SHARD_WRITE_H_
#define PREPULL_SRC_CONTROLLER_SHARD_WRITE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "src/controller/node_fate.h"
#include "src/controller/views.h"

namespace prepull {

struct ShardWrite {
  std::string name = "";
  bool is_new = false;       // it is to be made first
  std::string version = "";  // that it must have; "" if it is new
  std::map<std::string, NodeRecord> records = {};  // by node
  std::vector<std::string> removed = {};  // nodes that are in another, too

  // The keys to merge: {"data": {...}}.
  std::string Patch() const;
};

// Returns the writes for the steps that record. `records` is
// RecordsIn(shards, prepull.uid).
std::vector<ShardWrite> ShardWritesOf(
    const PrepullView& prepull, const std::map<std::string, ShardView>& shards,
    const RecordMap& records, const std::vector<JobStep>& steps);

// Returns the new ConfigMap of `write`, for the API server.
std::string NewShardText(const ShardWrite& write, absl::string_view name_space,
                         absl::string_view prepull,
                         absl::string_view prepull_uid);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_SHARD_WRITE_H_
