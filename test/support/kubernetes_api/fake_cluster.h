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
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"
#include "test/support/fake_clock.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"
#include "test/support/kubernetes_api/played_cluster.h"
#include "test/support/kubernetes_api/pod_play.h"

namespace prepull {

class FakeCluster {
 public:
  using Options = ClusterOptions;

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
  template <typename What>
  void Do(What what);
  void Hear(const FakeKubernetes::Change& change);
  std::vector<PlayedCluster::News> TakeInbox();
  void Tell();
  void TurnAndArm();

  FakeKubernetes& kubernetes_;
  Clock& clock_;

  mutable Mutex inbox_mutex_;
  std::vector<PlayedCluster::News> inbox_ ABSL_GUARDED_BY(inbox_mutex_);
  std::function<void()> on_news_ ABSL_GUARDED_BY(inbox_mutex_);
  bool is_in_turn_ ABSL_GUARDED_BY(inbox_mutex_) = false;

  mutable Mutex mutex_;
  PlayedCluster cluster_ ABSL_GUARDED_BY(mutex_);

  Instant armed_ = Instant::Never();  // of PlayOn
  // Null once it is gone: a fake API server and a clock may outlive it.
  const std::shared_ptr<FakeCluster*> self_ =
      std::make_shared<FakeCluster*>(this);
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_CLUSTER_H_
