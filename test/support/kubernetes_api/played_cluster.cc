#include "test/support/kubernetes_api/played_cluster.h"

#include "absl/strings/match.h"
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

bool PlayedCluster::Concerns(const FakeKubernetes::Change& change) {
  const bool is_ending =
      change.collection == kPodsCollection &&
      (change.type == "DELETED" ||
       absl::StrContains(change.text, "\"deletionTimestamp\""));
  const bool is_of_job =
      change.collection == kJobsCollection && change.type != "MODIFIED";
  return is_ending || is_of_job || change.collection == kNodesCollection;
}

bool PlayedCluster::RunNext() {
  if (next() > clock_.Now()) return false;
  const auto timer = timers_.extract(timers_.begin());
  timer.mapped()();
  return true;
}

void PlayedCluster::Hear(const News& news) {
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

void PlayedCluster::Patch(const std::string& what, const KubeObject& object,
                          const std::string& patch) {
  if (kubernetes_.Merge(object, patch)) ++writes_[what];
}

}  // namespace prepull
