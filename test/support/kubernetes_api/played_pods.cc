// The scheduler and the kubelets of the played cluster.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "test/support/kubernetes_api/played_cluster.h"

namespace prepull {
namespace {

constexpr int kKilled = 137;
constexpr int kStoppedCode = 3;
// What the kubelet reads of a termination message, from its end.
constexpr size_t kMaxMessageBytes = 4096;

}  // namespace

PlayedCluster::Pod* PlayedCluster::FindPod(const std::string& uid) {
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : &found->second;
}

PodPlay PlayedCluster::NextPlay(PodTask& task) {
  NodeScript& script = scripts_[task.node];
  task.number = script.pods_made++;
  if (script.pods.empty()) return the_rest_ ? the_rest_(task) : PodPlay();
  const size_t last = script.pods.size() - 1;
  return script.pods[std::min<size_t>(task.number, last)];
}

void PlayedCluster::Schedule(const std::string& uid) {
  Pod& pod = *FindPod(uid);
  const std::string node =
      kubernetes_.Text({.resource = "nodes", .name = pod.task.node});
  std::string obstacle;
  if (node.empty()) {
    obstacle = absl::StrCat(nodes_.size(),
                            " node(s) didn't match Pod's node "
                            "affinity/selector");
  } else if (!pod.tolerates_all && !TaintsOf(node).empty()) {
    obstacle = absl::StrCat("1 node(s) had untolerated taint {", TaintsOf(node),
                            "}, ", nodes_.size() - 1,
                            " node(s) didn't match Pod's node "
                            "affinity/selector");
  }
  const absl::Time now = clock_.WallNow();
  if (!obstacle.empty()) {
    unscheduled_.insert(uid);
    return Patch("patch pods/status", pod.object,
                 UnschedulablePatch(
                     absl::StrCat("0/", nodes_.size(),
                                  " nodes are available: ", obstacle, "."),
                     now));
  }
  unscheduled_.erase(uid);
  pod.node = pod.task.node;
  pod.phase = PodPhase::kPending;
  nodes_[pod.node].pods.insert(uid);
  Patch("create pods/binding", pod.object, BoundPatch(pod.node, now));
  Admit(uid);
}

// A kubelet sees its pod.
void PlayedCluster::Admit(const std::string& uid) {
  Pod& pod = *FindPod(uid);
  if (!IsUp(pod.node)) return;
  const bool waits = !pod.play.waiting.empty();
  Patch("patch pods/status", pod.object,
        WaitingPatch(pod.facts, waits ? pod.play.waiting : "ContainerCreating",
                     pod.play.waiting_message, clock_.WallNow()));
  if (pod.deadline) {
    After(*pod.deadline * options_.haste, [this, uid] { EndByDeadline(uid); });
  }
  if (!waits) {
    After(pod.play.starts_after, [this, uid] { StartContainer(uid); });
  }
}

void PlayedCluster::StartContainer(const std::string& uid) {
  Pod* pod = FindPod(uid);
  const bool may_start = pod != nullptr && pod->phase == PodPhase::kPending &&
                         !pod->is_terminating && IsUp(pod->node);
  if (!may_start) return;
  pod->phase = PodPhase::kRunning;
  pod->facts.started = clock_.WallNow();
  Patch("patch pods/status", pod->object,
        RunningPatch(pod->facts, clock_.WallNow()));
  SyncJob(pod->job);
  if (pod->play.hangs) return;
  After(pod->play.takes, [this, uid] {
    const Pod* running = FindPod(uid);
    if (running == nullptr) return;
    if (running->play.kills_node) return Silence(running->node, Power::kOff);
    EndContainer(
        uid, {.exit_code = running->play.exit_code,
              .message = TerminationMessageOf(running->play, running->task)});
  });
}

// Of a node that is silent it is not heard, unless it was lost with it.
void PlayedCluster::EndContainer(const std::string& uid, ContainerEnd end) {
  Pod* pod = FindPod(uid);
  const bool can_end = pod != nullptr && pod->phase != PodPhase::kEnded &&
                       pod->phase != PodPhase::kUnscheduled;
  if (!can_end) return;
  if (IsUp(pod->node)) return EndPod(uid, *pod, end);
  if (!pod->is_lost && !pod->untold) pod->untold = std::move(end);
}

void PlayedCluster::EndPod(const std::string& uid, Pod& pod,
                           const ContainerEnd& given) {
  ContainerEnd end = given;
  if (end.message.size() > kMaxMessageBytes) {
    end.message.erase(0, end.message.size() - kMaxMessageBytes);
  }
  pod.phase = PodPhase::kEnded;
  Patch("patch pods/status", pod.object,
        EndedPatch(pod.facts, end, clock_.WallNow()));
  const bool is_terminating = pod.is_terminating;
  const auto job = jobs_.find(pod.job);
  if (job != jobs_.end()) {
    job->second.play.OnPodEnded(pod.object.name, end, clock_.Now());
    SyncJob(pod.job);
  }
  if (is_terminating) RemovePod(uid);
}

ContainerEnd PlayedCluster::ToldToEnd(const Pod& pod) const {
  if (pod.play.is_deaf) return {.exit_code = kKilled};
  PodPlay play = pod.play;
  play.exit_code = kStoppedCode;
  return {.exit_code = kStoppedCode,
          .message = TerminationMessageOf(play, pod.task)};
}

// The pod's own deadline, which the kubelet keeps.
void PlayedCluster::EndByDeadline(const std::string& uid) {
  const Pod* pod = FindPod(uid);
  if (pod == nullptr) return;
  ContainerEnd end = pod->phase == PodPhase::kRunning
                         ? ToldToEnd(*pod)
                         : ContainerEnd{.never_ran = true};
  end.pod_reason = "DeadlineExceeded";
  end.pod_message =
      "Pod was active on the node longer than the specified deadline";
  EndContainer(uid, std::move(end));
}

// It is being deleted.
void PlayedCluster::Terminate(const std::string& uid) {
  Pod* pod = FindPod(uid);
  if (pod == nullptr) return;
  pod->is_terminating = true;
  if (IsUp(pod->node)) {
    if (pod->phase != PodPhase::kRunning) return RemovePod(uid);
    const absl::Duration delay =
        pod->play.is_deaf ? pod->grace : absl::ZeroDuration();
    After(delay, [this, uid] {
      const Pod* told = FindPod(uid);
      if (told != nullptr) EndContainer(uid, ToldToEnd(*told));
    });
  }
  SyncJob(pod->job);
}

void PlayedCluster::RemovePod(const std::string& uid) {
  const Pod* pod = FindPod(uid);
  if (pod != nullptr) kubernetes_.Remove(pod->object);
}

// It is no more, for whatever reason.
void PlayedCluster::ForgetPod(const std::string& uid) {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) return;
  const Pod pod = found->second;
  pods_.erase(found);
  ++writes_["delete pods"];
  unscheduled_.erase(uid);
  uids_.erase(absl::StrCat(pod.object.object_namespace, "/", pod.object.name));
  if (const auto node = nodes_.find(pod.node); node != nodes_.end()) {
    node->second.pods.erase(uid);
  }
  const auto job = jobs_.find(pod.job);
  if (job == jobs_.end()) return;
  job->second.pods.erase(uid);
  if (pod.phase != PodPhase::kEnded) {
    job->second.play.OnPodEnded(pod.object.name, {.never_ran = true},
                                clock_.Now());
  }
  SyncJob(pod.job);
}

// Its kubelet is back.
void PlayedCluster::ResumePod(const std::string& uid) {
  Pod* pod = FindPod(uid);
  if (pod == nullptr) return;
  if (pod->is_lost) {
    pod->is_lost = false;
    EndContainer(uid, {.exit_code = kKilled,
                       .reason = "ContainerStatusUnknown",
                       .message = "The container could not be located when "
                                  "the pod was terminated"});
  } else if (pod->untold) {
    EndContainer(uid, *std::exchange(pod->untold, std::nullopt));
  } else if (pod->is_terminating) {
    Terminate(uid);
  } else if (pod->phase == PodPhase::kPending) {
    Admit(uid);
  }
}

}  // namespace prepull
