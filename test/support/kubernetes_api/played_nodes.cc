// The nodes of the played cluster: those that come, go, and do not answer.
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "test/support/kubernetes_api/played_cluster.h"

namespace prepull {
namespace {

KubeObject NodeNamed(const std::string& name) {
  return {.resource = "nodes", .name = name};
}

}  // namespace

void PlayedCluster::Silence(const std::string& name, Power power) {
  Node& node = nodes_[name];
  node.power = power;
  const int outage = ++node.outages;
  for (const std::string& uid : node.pods) {
    Pod* pod = FindPod(uid);
    const bool runs = pod != nullptr && pod->phase == PodPhase::kRunning;
    if (power == Power::kOff && runs) pod->is_lost = true;
  }
  After(options_.node_grace * options_.haste, [this, name, outage] {
    const auto found = nodes_.find(name);
    const bool is_still_out =
        found != nodes_.end() && found->second.outages == outage;
    if (is_still_out) Unreach(name, true);
  });
}

void PlayedCluster::StartNode(const std::string& name) {
  Node& node = nodes_[name];
  node.power = Power::kOn;
  ++node.outages;
  if (node.is_unknown) Unreach(name, false);
  const std::set<std::string> pods = node.pods;
  for (const std::string& uid : pods) ResumePod(uid);
}

// The controller of nodes says so, with taints; the kubelet takes it back.
void PlayedCluster::Unreach(const std::string& name, bool is_unknown) {
  Node& node = nodes_[name];
  const absl::Time now = clock_.WallNow();
  node.is_unknown = is_unknown;
  node.ready_since = now;
  Patch("patch nodes/status", NodeNamed(name),
        NodeReadyPatch(is_unknown ? "Unknown" : "True", now, now));
  const std::string text = kubernetes_.Text(NodeNamed(name));
  if (text.empty()) return;
  Patch("patch nodes", NodeNamed(name),
        UnreachablePatch(text, is_unknown, KubernetesTime(now)));
}

void PlayedCluster::Beat(const std::string& name) {
  const auto found = nodes_.find(name);
  if (found == nodes_.end()) return;
  if (found->second.power == Power::kOn) {
    Patch("patch nodes/status", NodeNamed(name),
          NodeReadyPatch("True", found->second.ready_since, clock_.WallNow()));
  }
  After(options_.heartbeat, [this, name] { Beat(name); });
}

bool PlayedCluster::IsUp(const std::string& node) const {
  const auto found = nodes_.find(node);
  return found != nodes_.end() && found->second.power == Power::kOn;
}

void PlayedCluster::MeetNode(const std::string& name) {
  const auto [node, is_new] = nodes_.try_emplace(name);
  if (is_new) {
    node->second.ready_since = clock_.WallNow();
    if (options_.heartbeat != absl::InfiniteDuration()) {
      // Not all at once.
      const double share = static_cast<double>(nodes_.size() % 1000) / 1000;
      After(options_.heartbeat * share, [this, name] { Beat(name); });
    }
  }
  const std::set<std::string> waiting = unscheduled_;
  for (const std::string& uid : waiting) {
    const Pod* pod = FindPod(uid);
    if (pod != nullptr && pod->task.node == name) Schedule(uid);
  }
}

void PlayedCluster::ForgetNode(const std::string& name) {
  nodes_.erase(name);
  After(options_.orphan_grace, [this, name] {
    if (!nodes_.contains(name)) CollectOrphans(name);
  });
}

// The collector of pods ends those that nobody else can, and deletes them.
void PlayedCluster::CollectOrphans(const std::string& name) {
  std::set<std::string> orphans;
  for (const auto& [uid, pod] : pods_) {
    if (pod.node == name) orphans.insert(uid);
  }
  for (const std::string& uid : orphans) {
    Pod* pod = FindPod(uid);
    if (pod != nullptr && pod->phase != PodPhase::kEnded) {
      EndPod(uid, *pod, {.never_ran = true, .is_disruption = true});
    }
    RemovePod(uid);
  }
}

}  // namespace prepull
