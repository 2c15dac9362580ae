#include "src/controller/cluster_state.h"

#include <algorithm>
#include <utility>

namespace prepull {
namespace {

// Longer than a watch is ever behind.
constexpr absl::Duration kGoodFor = absl::Minutes(1);

}  // namespace

const PrepullObjects& ClusterState::ObjectsOf(const std::string& name) const {
  static const PrepullObjects* const none = new PrepullObjects();
  const auto found = objects_.find(name);
  return found != objects_.end() ? found->second : *none;
}

std::string ClusterState::PrepullOfJob(const std::string& name) const {
  const auto found = prepull_of_job_.find(name);
  return found != prepull_of_job_.end() ? found->second : "";
}

std::string ClusterState::PrepullOfConfigMap(const std::string& name) const {
  const auto found = prepull_of_config_.find(name);
  return found != prepull_of_config_.end() ? found->second : "";
}

void ClusterState::PutJob(JobView job) {
  const auto known = prepull_of_job_.find(job.name);
  if (known != prepull_of_job_.end()) {
    const JobView& before = objects_[known->second].jobs[job.name];
    // A name may have a new bearer, whose label may differ.
    if (before.uid != job.uid || before.prepull != job.prepull) {
      EraseJob(std::string(job.name));
    }
  }
  prepull_of_job_[job.name] = job.prepull;
  job_uids_.insert(job.uid);
  std::map<std::string, JobView>& jobs = objects_[job.prepull].jobs;
  const std::string name = job.name;
  jobs[name] = std::move(job);
}

void ClusterState::PutList(const std::string& name, ListView list) {
  EraseConfigMap(name);
  prepull_of_config_[name] = list.prepull;
  std::map<std::string, ListView>& lists = objects_[list.prepull].lists;
  lists[name] = std::move(list);
}

void ClusterState::PutShard(ShardView shard) {
  EraseConfigMap(shard.name);
  prepull_of_config_[shard.name] = shard.prepull;
  std::map<std::string, ShardView>& shards = objects_[shard.prepull].shards;
  const std::string name = shard.name;
  shards[name] = std::move(shard);
}

void ClusterState::PutPod(const std::string& name, PodView pod) {
  const auto known = job_of_pod_.find(name);
  const bool has_moved =
      known != job_of_pod_.end() && known->second != pod.job_uid;
  if (has_moved) pods_[known->second].erase(name);
  job_of_pod_[name] = pod.job_uid;
  KeptPod& kept = pods_[pod.job_uid][name];
  // The server was asked for it, and the watch is behind: an end is an end.
  const bool is_old = kept.view.sight.exit_code && !pod.sight.exit_code;
  if (!is_old) kept = {.view = std::move(pod)};
}

void ClusterState::EraseJob(const std::string& name, absl::Time seen_at) {
  const auto found = prepull_of_job_.find(name);
  if (found == prepull_of_job_.end()) return;
  std::map<std::string, JobView>& jobs = objects_[found->second].jobs;
  const auto job = jobs.find(name);
  job_uids_.erase(job->second.uid);
  const auto pods = pods_.find(job->second.uid);
  if (pods != pods_.end()) {
    std::erase_if(pods->second,
                  [](const auto& each) { return each.second.is_gone; });
    if (pods->second.empty()) pods_.erase(pods);
  }
  jobs.erase(job);
  objects_[found->second].gone_jobs[name] = seen_at;
  prepull_of_job_.erase(found);
}

void ClusterState::EraseConfigMap(const std::string& name) {
  const auto found = prepull_of_config_.find(name);
  if (found == prepull_of_config_.end()) return;
  PrepullObjects& objects = objects_[found->second];
  objects.lists.erase(name);
  objects.shards.erase(name);
  prepull_of_config_.erase(found);
}

void ClusterState::ErasePod(const std::string& name, const PodView* last) {
  if (last != nullptr) PutPod(name, *last);
  const auto found = job_of_pod_.find(name);
  if (found == job_of_pod_.end()) return;
  const std::string job_uid = found->second;
  job_of_pod_.erase(found);
  std::map<std::string, KeptPod>& pods = pods_[job_uid];
  KeptPod& pod = pods[name];
  pod.is_gone = true;
  const bool has_news = pod.view.sight.exit_code && job_uids_.contains(job_uid);
  if (!has_news) pods.erase(name);
  if (pods.empty()) pods_.erase(job_uid);
}

JobPods ClusterState::PodsOf(const std::string& job_uid) const {
  JobPods pods;
  const auto found = pods_.find(job_uid);
  // A Job that no watch has shown yet has no uid, nor have strangers' pods.
  if (job_uid.empty() || found == pods_.end()) return pods;
  for (const auto& [name, pod] : found->second) pods.push_back(&pod.view);
  std::stable_sort(pods.begin(), pods.end(),
                   [](const PodView* a, const PodView* b) {
                     return a->created < b->created;
                   });
  return pods;
}

void ClusterState::PutOwnRecord(const std::string& prepull,
                                const std::string& node, OwnRecord record) {
  objects_[prepull].own_records[node] = std::move(record);
}

void ClusterState::Forget(absl::Time now) {
  std::vector<std::string> unseen;
  for (auto& [prepull, objects] : objects_) {
    std::erase_if(objects.own_records, [now](const auto& each) {
      return each.second.written_at + kGoodFor < now;
    });
    std::erase_if(objects.gone_jobs, [now](const auto& each) {
      return each.second + kGoodFor < now;
    });
    for (const auto& [name, job] : objects.jobs) {
      const bool is_unseen = job.uid.empty() && job.created + kGoodFor < now;
      if (is_unseen) unseen.push_back(name);
    }
  }
  for (const std::string& name : unseen) EraseJob(name);
}

void ClusterState::MarkDeleted(const std::string& job_name) {
  const auto found = prepull_of_job_.find(job_name);
  if (found == prepull_of_job_.end()) return;
  objects_[found->second].jobs[job_name].is_deleting = true;
}

}  // namespace prepull
