#include "test/support/kubernetes_api/fake_cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"

namespace prepull {
namespace {

constexpr char kPodsCollection[] = "v1/pods";
constexpr char kJobsCollection[] = "batch/v1/jobs";
constexpr char kNodesCollection[] = "v1/nodes";

std::string UidIn(const std::string& text) {
  const absl::StatusOr<JsonDocument> object = JsonDocument::Parse(text);
  return object.ok() ? (*object)["metadata"]["uid"].StringOrEmpty() : "";
}

}  // namespace

FakeCluster::FakeCluster(FakeKubernetes& kubernetes, Clock& clock,
                         const Options& options)
    : kubernetes_(kubernetes), clock_(clock), options_(options) {
  kubernetes_.OnChange([this](const FakeKubernetes::Change& change) {
    const bool is_ending =
        change.collection == kPodsCollection &&
        (change.type == "DELETED" ||
         absl::StrContains(change.text, "\"deletionTimestamp\""));
    const bool is_of_job =
        change.collection == kJobsCollection && change.type != "MODIFIED";
    if (!is_ending && !is_of_job && change.collection != kNodesCollection) {
      return;
    }
    {
      MutexLock lock(inbox_mutex_);
      inbox_.push_back({std::string(change.type), change.collection, change.key,
                        change.text});
    }
    Tell();
  });
}

FakeCluster::~FakeCluster() {
  kubernetes_.OnChange(nullptr);
  *self_ = nullptr;
}

void FakeCluster::Script(const std::string& node, std::vector<PodPlay> pods) {
  MutexLock lock(mutex_);
  scripts_[node] = {.pods = std::move(pods)};
}

void FakeCluster::ScriptTheRest(std::function<PodPlay(const PodTask&)> play) {
  MutexLock lock(mutex_);
  the_rest_ = std::move(play);
}

void FakeCluster::Turn() {
  MutexLock lock(mutex_);
  {
    MutexLock inbox_lock(inbox_mutex_);
    is_in_turn_ = true;
  }
  while (true) {
    if (TakeInbox() || RunNext()) continue;
    MutexLock inbox_lock(inbox_mutex_);
    if (!inbox_.empty()) continue;
    is_in_turn_ = false;
    return;
  }
}

bool FakeCluster::TakeInbox() {
  std::vector<News> inbox;
  {
    MutexLock lock(inbox_mutex_);
    inbox = std::exchange(inbox_, {});
  }
  for (const News& news : inbox) Hear(news);
  return !inbox.empty();
}

bool FakeCluster::RunNext() {
  if (timers_.empty() || timers_.begin()->first > clock_.Now()) return false;
  const auto timer = timers_.extract(timers_.begin());
  timer.mapped()();
  return true;
}

void FakeCluster::After(absl::Duration delay, std::function<void()> what) {
  timers_.emplace(clock_.Now() + delay, std::move(what));
}

Instant FakeCluster::next() const {
  {
    MutexLock lock(inbox_mutex_);
    if (!inbox_.empty()) return clock_.Now();
  }
  MutexLock lock(mutex_);
  return timers_.empty() ? Instant::Never() : timers_.begin()->first;
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

void FakeCluster::Hear(const News& news) {
  const std::string name = news.key.substr(news.key.find('/') + 1);
  if (news.collection == kNodesCollection) {
    if (news.type == "DELETED") return ForgetNode(name);
    return MeetNode(name);
  }
  if (news.collection == kJobsCollection) {
    if (news.type == "ADDED") return MeetJob(news);
    const std::string uid = UidIn(news.text);
    jobs_.erase(uid);
    return;
  }
  const auto uid = uids_.find(news.key);
  if (uid == uids_.end()) return;
  const std::string pod = uid->second;
  if (news.type == "DELETED") return ForgetPod(pod);
  Terminate(pod);
}

void FakeCluster::Patch(const std::string& what, const KubeObject& object,
                        const std::string& patch) {
  if (kubernetes_.Merge(object, patch)) ++writes_[what];
}

std::map<std::string, int64_t> FakeCluster::writes() const {
  MutexLock lock(mutex_);
  return writes_;
}

}  // namespace prepull
