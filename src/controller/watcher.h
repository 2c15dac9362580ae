// Watches what the controller needs to know, a thread for each kind of object,
// and hands the changes to one mailbox.
#ifndef PREPULL_SRC_CONTROLLER_WATCHER_H_
#define PREPULL_SRC_CONTROLLER_WATCHER_H_

#include <any>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "prepull/base/mailbox.h"
#include "prepull/kube/kube_client.h"
#include "src/controller/cluster_state.h"

namespace prepull {

enum class WatchedKind { kPrepulls, kNodes, kJobs, kPods, kConfigMaps };

// Returns "prepulls", "nodes" and so on.
absl::string_view WatchedKindName(WatchedKind kind);

// All kinds.
std::vector<WatchedKind> WatchedKinds();

// A view of one of the kinds; empty: the object is gone.
struct ObjectChange {
  std::string name = "";
  std::any now = {};
  std::any last = {};  // of one that was deleted, if it was seen
};

struct WatchNews {
  WatchedKind kind = WatchedKind::kNodes;
  bool is_listed = false;
  std::string problem = "";  // "" = none
  std::vector<ObjectChange> changes = {};
};

// Takes the changes, seen at `now`, into `cluster`. Returns the names of the
// Prepulls that they concern; "*" stands for all.
std::vector<std::string> TakeNews(const WatchNews& news, absl::Time now,
                                  ClusterState& cluster);

// Threads: made and destroyed by one.
class Watcher {
 public:
  // All of it must outlive the watcher; `seams` makes a client of its own.
  Watcher(WatchedKind kind, const std::string& name_space, ApiServer server,
          const KubeClient::Seams& seams, Mailbox<WatchNews>& mailbox);
  // Ends its request, and waits for the thread.
  ~Watcher() = default;

 private:
  KubeClient client_;
  WatchStep step_;
  std::jthread thread_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_WATCHER_H_
