#include "test/support/kubernetes_api/fake_cluster.h"

#include <algorithm>
#include <utility>

#include "test/support/kubernetes_api/cluster_texts.h"
#include "test/support/kubernetes_api/job_sight.h"

namespace prepull {
namespace {

KubeObject NodeObject(const std::string& name) {
  return {.resource = "nodes", .name = name};
}

}  // namespace

FakeCluster::FakeCluster(FakeKubernetes& kubernetes, Clock& clock,
                         const Options& options)
    : kubernetes_(kubernetes),
      clock_(clock),
      cluster_(kubernetes, clock, options) {
  kubernetes_.OnChange([self = self_](const FakeKubernetes::Change& change) {
    if (*self != nullptr) (*self)->Hear(change);
  });
}

FakeCluster::~FakeCluster() { *self_ = nullptr; }

void FakeCluster::Hear(const FakeKubernetes::Change& change) {
  if (!PlayedCluster::Concerns(change)) return;
  {
    MutexLock lock(inbox_mutex_);
    inbox_.push_back(
        {std::string(change.type), change.collection, change.key, change.text});
  }
  Tell();
}

template <typename What>
void FakeCluster::Do(What what) {
  {
    MutexLock lock(mutex_);
    what(cluster_);
  }
  Tell();
}

void FakeCluster::AddNode(const FakeNode& node) {
  kubernetes_.Put(NodeObject(node.name), NodeText(node, clock_.WallNow()));
  if (node.is_cordoned) Cordon(node.name);
  Do([&node](PlayedCluster& cluster) { cluster.MeetNode(node.name); });
}

void FakeCluster::RemoveNode(const std::string& name) {
  kubernetes_.Remove(NodeObject(name));
}

void FakeCluster::Cordon(const std::string& name, bool is_cordoned) {
  const std::string node = kubernetes_.Text(NodeObject(name));
  if (node.empty()) return;
  kubernetes_.Merge(NodeObject(name), CordonPatch(node, is_cordoned));
}

void FakeCluster::StopKubelet(const std::string& name) {
  Do([&name](PlayedCluster& cluster) {
    cluster.Silence(name, PlayedCluster::Power::kNoKubelet);
  });
}

void FakeCluster::PowerOff(const std::string& name) {
  Do([&name](PlayedCluster& cluster) {
    cluster.Silence(name, PlayedCluster::Power::kOff);
  });
}

void FakeCluster::StartNode(const std::string& name) {
  Do([&name](PlayedCluster& cluster) { cluster.StartNode(name); });
}

void FakeCluster::Script(const std::string& node, std::vector<PodPlay> pods) {
  MutexLock lock(mutex_);
  cluster_.Script(node, std::move(pods));
}

void FakeCluster::ScriptTheRest(std::function<PodPlay(const PodTask&)> play) {
  MutexLock lock(mutex_);
  cluster_.ScriptTheRest(std::move(play));
}

void FakeCluster::Turn() {
  MutexLock lock(mutex_);
  {
    MutexLock inbox_lock(inbox_mutex_);
    is_in_turn_ = true;
  }
  while (true) {
    for (const PlayedCluster::News& news : TakeInbox()) cluster_.Hear(news);
    if (cluster_.RunNext()) continue;
    MutexLock inbox_lock(inbox_mutex_);
    if (!inbox_.empty()) continue;
    is_in_turn_ = false;
    return;
  }
}

std::vector<PlayedCluster::News> FakeCluster::TakeInbox() {
  MutexLock lock(inbox_mutex_);
  return std::exchange(inbox_, {});
}

Instant FakeCluster::next() const {
  {
    MutexLock lock(inbox_mutex_);
    if (!inbox_.empty()) return clock_.Now();
  }
  MutexLock lock(mutex_);
  return cluster_.next();
}

void FakeCluster::OnNews(std::function<void()> on_news) {
  MutexLock lock(inbox_mutex_);
  on_news_ = std::move(on_news);
}

// A turn sees for itself.
void FakeCluster::Tell() {
  std::function<void()> on_news;
  {
    MutexLock lock(inbox_mutex_);
    if (!is_in_turn_) on_news = on_news_;
  }
  if (on_news) on_news();
}

void FakeCluster::PlayOn(FakeClock& clock) {
  const auto arm = [this, &clock] {
    const Instant due = std::max(next(), clock.Now());
    if (due >= armed_) return;
    armed_ = due;
    clock.After(due - clock.Now(), [self = self_] {
      if (*self != nullptr) (*self)->TurnAndArm();
    });
  };
  OnNews(arm);
  arm();
}

void FakeCluster::TurnAndArm() {
  armed_ = Instant::Never();
  Turn();
  Tell();
}

std::map<std::string, int64_t> FakeCluster::writes() const {
  MutexLock lock(mutex_);
  return cluster_.writes();
}

}  // namespace prepull
