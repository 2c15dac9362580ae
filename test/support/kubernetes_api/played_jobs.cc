// The Job controller of the played cluster.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "test/support/kubernetes_api/played_cluster.h"

namespace prepull {

void PlayedCluster::MeetJob(const News& news) {
  JobSpecSight spec = ReadJobSpec(news.text);
  const std::string uid = spec.uid;
  const KubeObject object = {.group_version = "batch/v1",
                             .resource = "jobs",
                             .object_namespace = spec.name_space,
                             .name = spec.name};
  if (spec.deadline) {
    After(*spec.deadline * options_.haste, [this, uid] {
      const auto found = jobs_.find(uid);
      if (found == jobs_.end()) return;
      found->second.play.OnDeadline();
      SyncJob(uid);
    });
  }
  jobs_.try_emplace(
      uid, Job{.object = object,
               .play = JobPlay(std::move(spec), clock_.WallNow(), clock_.Now()),
               .text = news.text});
  SyncJob(uid);
}

void PlayedCluster::SyncJob(const std::string& uid) {
  const auto found = jobs_.find(uid);
  if (found == jobs_.end() || found->second.play.is_over()) return;
  Job& job = found->second;
  JobPlay& play = job.play;
  if (play.wants_pod(CountPods(job))) {
    const absl::Duration delay = play.pod_due() - clock_.Now();
    if (delay <= absl::ZeroDuration()) {
      MakePod(uid, job);
    } else {
      After(delay, [this, uid] { SyncJob(uid); });
    }
  }
  bool is_over = play.is_over();
  bool has_more = true;
  while (has_more) {
    has_more = play.Step(CountPods(job), clock_.WallNow());
    if (play.ends_pods()) EndPodsOf(job);
    Patch("patch jobs/status", job.object,
          JobStatusPatch(play.StatusWith(CountPods(job))));
    // It is as good as over with FailureTarget already.
    const bool is_now_over = play.is_over() || play.ends_pods();
    if (is_now_over && !is_over && options_.on_job_over) {
      options_.on_job_over(play.spec());
    }
    is_over |= is_now_over;
  }
}

void PlayedCluster::EndPodsOf(const Job& job) {
  for (const std::string& uid : job.pods) {
    Pod* pod = FindPod(uid);
    if (pod->phase == PodPhase::kEnded || pod->is_terminating) continue;
    pod->is_terminating = true;
    ++writes_["delete pods"];
    kubernetes_.Delete(pod->object);
  }
}

JobPlay::Pods PlayedCluster::CountPods(const Job& job) const {
  JobPlay::Pods counts;
  for (const std::string& uid : job.pods) {
    const Pod& pod = pods_.at(uid);
    if (pod.phase == PodPhase::kEnded) continue;
    ++(pod.is_terminating ? counts.terminating : counts.active);
    counts.ready += pod.phase == PodPhase::kRunning && !pod.is_terminating;
  }
  return counts;
}

void PlayedCluster::MakePod(const std::string& uid, Job& job) {
  const JobSpecSight& spec = job.play.spec();
  PodTask task = {.node = spec.node,
                  .list_hash = spec.list_hash,
                  .images = CountImages(
                      kubernetes_.Text({.resource = "configmaps",
                                        .object_namespace = spec.name_space,
                                        .name = spec.list_map}))};
  PodPlay play = NextPlay(task);
  const std::string name =
      absl::StrFormat("%s-%05x", spec.name, ++job.pods_made);
  Pod pod = {.object = {.resource = "pods",
                        .object_namespace = spec.name_space,
                        .name = name},
             .job = uid,
             .facts = {.container = spec.container,
                       .image = spec.image,
                       .created = clock_.WallNow()},
             .task = std::move(task),
             .play = std::move(play),
             .grace = spec.grace,
             .deadline = spec.pod_deadline,
             .tolerates_all = spec.tolerates_all};
  const std::string pod_uid = absl::StrCat(uid, "-", job.pods_made);
  std::string text = PodTextOf(job.text, name, pod_uid);
  job.pods.insert(pod_uid);
  uids_[absl::StrCat(spec.name_space, "/", name)] = pod_uid;
  ++writes_["create pods"];
  kubernetes_.Put(pod.object, text);
  pods_.insert_or_assign(pod_uid, std::move(pod));
  Schedule(pod_uid);
}

}  // namespace prepull
