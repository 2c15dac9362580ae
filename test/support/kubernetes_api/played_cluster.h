// What FakeCluster plays, without its threads and its time: the nodes, the
// scheduler, the kubelets and the Job controller.
//
// Threads: of one at a time.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_PLAYED_CLUSTER_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_PLAYED_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/kube/kube_object.h"
#include "test/support/kubernetes_api/cluster_texts.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"
#include "test/support/kubernetes_api/job_play.h"
#include "test/support/kubernetes_api/job_sight.h"
#include "test/support/kubernetes_api/pod_play.h"

namespace prepull {

struct ClusterOptions {
  // Until a node that does not answer is Unknown.
  absl::Duration node_grace = absl::Seconds(40);
  // Between two reports of a node; they change nothing but their time.
  absl::Duration heartbeat = absl::InfiniteDuration();
  // Until the pods of a node that is gone are deleted.
  absl::Duration orphan_grace = absl::Minutes(1);
  // What the deadlines of Jobs, pods and nodes are multiplied by, for those
  // who cannot wait.
  double haste = 1.0;
  // Called when a Job is over: Complete, or FailureTarget.
  std::function<void(const JobSpecSight&)> on_job_over = nullptr;
};

class PlayedCluster {
 public:
  enum class Power { kOn, kNoKubelet, kOff };

  // A change of an object.
  struct News {
    std::string type;
    std::string collection;
    std::string key;
    std::string text;
  };

  // Whether the cluster wants to hear of it.
  static bool Concerns(const FakeKubernetes::Change& change);

  // Both must outlive the cluster.
  PlayedCluster(FakeKubernetes& kubernetes, Clock& clock,
                const ClusterOptions& options)
      : kubernetes_(kubernetes), clock_(clock), options_(options) {}

  void Hear(const News& news);
  // Does the first thing that is due. Returns whether there was one.
  bool RunNext();
  // When there is one.
  Instant next() const {
    return timers_.empty() ? Instant::Never() : timers_.begin()->first;
  }

  // New, or changed.
  void MeetNode(const std::string& name);
  void Silence(const std::string& name, Power power);
  void StartNode(const std::string& name);

  void Script(const std::string& node, std::vector<PodPlay> pods) {
    scripts_[node] = {.pods = std::move(pods)};
  }
  void ScriptTheRest(std::function<PodPlay(const PodTask&)> play) {
    the_rest_ = std::move(play);
  }

  const std::map<std::string, int64_t>& writes() const { return writes_; }

 private:
  enum class PodPhase { kUnscheduled, kPending, kRunning, kEnded };

  struct Node {
    Power power = Power::kOn;
    absl::Time ready_since;
    bool is_unknown = false;
    int outages = 0;
    std::set<std::string> pods = {};  // uids
  };
  struct NodeScript {
    std::vector<PodPlay> pods = {};
    int pods_made = 0;
  };
  struct Pod {
    KubeObject object;
    std::string job = "";  // uid
    std::string node = "";
    PodFacts facts = {};
    PodTask task = {};
    PodPlay play = {};
    absl::Duration grace = absl::Seconds(30);
    std::optional<absl::Duration> deadline = std::nullopt;
    bool tolerates_all = false;
    PodPhase phase = PodPhase::kUnscheduled;
    bool is_terminating = false;
    bool is_lost = false;  // with its node's power
    // Of a container whose kubelet is silent.
    std::optional<ContainerEnd> untold = std::nullopt;
  };
  struct Job {
    KubeObject object;
    JobPlay play;
    std::string text;  // as it was created
    int pods_made = 0;
    std::set<std::string> pods = {};  // uids
  };

  void After(absl::Duration delay, std::function<void()> what) {
    timers_.emplace(clock_.Now() + delay, std::move(what));
  }
  void Patch(const std::string& what, const KubeObject& object,
             const std::string& patch);

  // played_nodes.cc
  void Unreach(const std::string& name, bool is_unknown);
  // The kubelet at work, of a node that exists.
  bool IsUp(const std::string& node) const;
  void CollectOrphans(const std::string& name);
  void Beat(const std::string& name);
  void ForgetNode(const std::string& name);

  // played_jobs.cc
  void MeetJob(const News& news);
  void SyncJob(const std::string& uid);
  void EndPodsOf(const Job& job);
  void MakePod(const std::string& uid, Job& job);
  JobPlay::Pods CountPods(const Job& job) const;

  // played_pods.cc
  Pod* FindPod(const std::string& uid);
  PodPlay NextPlay(PodTask& task);
  void Schedule(const std::string& uid);
  void Admit(const std::string& uid);
  void StartContainer(const std::string& uid);
  void EndContainer(const std::string& uid, ContainerEnd end);
  void EndPod(const std::string& uid, Pod& pod, const ContainerEnd& end);
  void EndByDeadline(const std::string& uid);
  void Terminate(const std::string& uid);
  void RemovePod(const std::string& uid);
  void ForgetPod(const std::string& uid);
  void ResumePod(const std::string& uid);
  // How a container ends that is told to.
  ContainerEnd ToldToEnd(const Pod& pod) const;

  FakeKubernetes& kubernetes_;
  Clock& clock_;
  const ClusterOptions options_;

  std::multimap<Instant, std::function<void()>> timers_;
  std::map<std::string, Node> nodes_;
  std::map<std::string, NodeScript> scripts_;
  std::map<std::string, Job> jobs_;  // by uid
  std::map<std::string, Pod> pods_;  // by uid
  std::set<std::string> unscheduled_;
  std::map<std::string, std::string> uids_;  // of pods, by key
  std::function<PodPlay(const PodTask&)> the_rest_;
  std::map<std::string, int64_t> writes_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_PLAYED_CLUSTER_H_
