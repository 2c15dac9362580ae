// Does what was decided for a Prepull, and brings the copy of the cluster up to
// date with it, so that the next decision does not wait for the watches.
//
// Each write may be the second of its kind, by this controller before a crash
// or by another one: all of them are harmless twice.
#ifndef PREPULL_SRC_CONTROLLER_OBJECT_WRITER_H_
#define PREPULL_SRC_CONTROLLER_OBJECT_WRITER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/deploy/node_job.h"
#include "prepull/kube/kube_client.h"
#include "src/controller/cluster_state.h"
#include "src/controller/decision.h"
#include "src/controller/object_text.h"
#include "src/controller/write_budget.h"

namespace prepull {

// What a round of writes came to.
struct WriteProgress {
  bool has_written = false;             // so that there may be more to do
  std::set<std::string> recorded = {};  // nodes with a new result
  // When to go on: the budget is used up, or the server wants to be left alone.
  Instant again_at = Instant::Never();
};

// Threads: of one thread.
class ObjectWriter {
 public:
  struct Seams {
    KubeClient& client;
    Clock& clock;
    ClusterState& cluster;
  };

  // `on_write` is told of each write and whether it succeeded, for the metrics.
  ObjectWriter(
      std::string name_space, NodePods pods, const Seams& seams,
      std::function<void(absl::string_view verb, bool is_ok)> on_write);

  WriteProgress Write(const std::string& prepull, const Decision& decision,
                      PrepullMemory& memory, const std::stop_token& stop);

  // Tells what has happened, as far as the server takes it.
  void Tell(const PrepullView& prepull, const std::vector<PrepullEvent>& events,
            const std::stop_token& stop);

 private:
  class Round;

  const std::string name_space_;
  const NodePods pods_;
  const Seams seams_;
  const std::function<void(absl::string_view, bool)> on_write_;
  WriteBudget budget_;
  std::map<std::string, std::string> written_status_;  // by Prepull
  std::map<std::string, Instant> status_written_at_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_OBJECT_WRITER_H_
