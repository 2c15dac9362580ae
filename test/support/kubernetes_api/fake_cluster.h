// Plays the nodes, the scheduler, the kubelets and the Job controller behind a
// FakeKubernetes, as a test scripts them.
//
// Each Job gets its pods one after another, each pod goes to the node that its
// affinity names, and there does what is scripted for that node. Only what a
// controller of such Jobs can see is played; what was seen on a real cluster
// and is easily got wrong is: a Job shows FailureTarget before Failed and keeps
// a pod on a dead node for ever; its deadline deletes pods with their messages,
// that of a pod does not.
//
// Time passes by Turn: with PlayOn a FakeClock calls it, else whoever has a
// thread for it.
//
// Threads: safe to share.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_CLUSTER_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"
#include "prepull/kube/kube_object.h"
#include "test/support/fake_clock.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"
#include "test/support/kubernetes_api/job_play.h"
#include "test/support/kubernetes_api/pod_play.h"

namespace prepull {

class FakeCluster {
 public:
  struct Options {
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

  // Both must outlive the cluster.
  FakeCluster(FakeKubernetes& kubernetes, Clock& clock)
      : FakeCluster(kubernetes, clock, Options()) {}
  FakeCluster(FakeKubernetes& kubernetes, Clock& clock, const Options& options);
  ~FakeCluster();
  FakeCluster(const FakeCluster&) = delete;
  FakeCluster& operator=(const FakeCluster&) = delete;

  void AddNode(const FakeNode& node);
  void RemoveNode(const std::string& name);
  void Cordon(const std::string& name, bool is_cordoned = true);

  // The kubelet is silent; containers run on.
  void StopKubelet(const std::string& name);
  // All is silent, and what runs is lost.
  void PowerOff(const std::string& name);
  // Ends either.
  void StartNode(const std::string& name);

  // What the pods of that node do, one after another; the last repeats. Counts
  // for pods that are made from now on.
  void Script(const std::string& node, std::vector<PodPlay> pods);
  // What all others do.
  void ScriptTheRest(std::function<PodPlay(const PodTask&)> play);
  void ScriptTheRest(const PodPlay& play) {
    ScriptTheRest([play](const PodTask&) { return play; });
  }

  // Lets happen what is due.
  void Turn();
  // When there is something to do next.
  Instant next() const;
  // `on_news` is called, from any thread, when that is earlier than it was.
  void OnNews(std::function<void()> on_news);
  // Lets `clock`, which is the cluster's, call Turn.
  void PlayOn(FakeClock& clock);

  // What the components wrote, by "create pods", "patch pods/status", ...
  std::map<std::string, int64_t> writes() const;

 private:
  enum class Power { kOn, kNoKubelet, kOff };
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
  struct News {
    std::string type;
    std::string collection;
    std::string key;
    std::string text;
  };

  void Tell();
  void TurnAndArm();

  void After(absl::Duration delay, std::function<void()> what)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Hear(const News& news) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool TakeInbox() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool RunNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Patch(const std::string& what, const KubeObject& object,
             const std::string& patch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // fake_cluster_nodes.cc
  void Silence(const std::string& name, Power power)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unreach(const std::string& name, bool is_unknown)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The kubelet at work, of a node that exists.
  bool IsUp(const std::string& node) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MeetNode(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CollectOrphans(const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Beat(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetNode(const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // fake_cluster_jobs.cc
  void MeetJob(const News& news) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SyncJob(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MakePod(const std::string& uid, Job& job)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  JobPlay::Pods CountPods(const Job& job) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // fake_cluster_pods.cc
  Pod* FindPod(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  PodPlay NextPlay(PodTask& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndPod(const std::string& uid, Pod& pod, const ContainerEnd& end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Schedule(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Admit(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartContainer(const std::string& uid)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndContainer(const std::string& uid, ContainerEnd end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndByDeadline(const std::string& uid)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Terminate(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemovePod(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetPod(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ResumePod(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // How a container ends that is told to.
  ContainerEnd ToldToEnd(const Pod& pod) const;

  FakeKubernetes& kubernetes_;
  Clock& clock_;
  const Options options_;

  mutable Mutex inbox_mutex_;
  std::vector<News> inbox_ ABSL_GUARDED_BY(inbox_mutex_);
  std::function<void()> on_news_ ABSL_GUARDED_BY(inbox_mutex_);
  bool is_in_turn_ ABSL_GUARDED_BY(inbox_mutex_) = false;

  mutable Mutex mutex_;
  std::multimap<Instant, std::function<void()>> timers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Node> nodes_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, NodeScript> scripts_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Job> jobs_ ABSL_GUARDED_BY(mutex_);  // by uid
  std::map<std::string, Pod> pods_ ABSL_GUARDED_BY(mutex_);  // by uid
  std::set<std::string> unscheduled_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> uids_ ABSL_GUARDED_BY(mutex_);  // by key
  std::function<PodPlay(const PodTask&)> the_rest_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> writes_ ABSL_GUARDED_BY(mutex_);

  // Of PlayOn.
  Instant armed_ = Instant::Never();
  std::shared_ptr<FakeCluster*> self_ = std::make_shared<FakeCluster*>(this);
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_CLUSTER_H_
