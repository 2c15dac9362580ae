#include "test/support/kubernetes_api/write_statistics.h"

#include <algorithm>
#include <utility>

#include "prepull/base/json_reader.h"

namespace prepull {

void WriteStatistics::OnJobOver(const JobSpecSight& job) {
  const Instant now = clock_.Now();
  MutexLock lock(mutex_);
  ++jobs_over_;
  not_recorded_[job.node] = now;
  not_deleted_[job.name] = now;
}

void WriteStatistics::OnWrite(const FakeKubernetes::Write& write,
                              const FakeKubernetes& kubernetes) {
  const ApiRequest& request = write.request;
  if (write.http_status / 100 != 2) return;
  const Instant now = clock_.Now();
  if (request.resource == "prepulls") {
    const size_t size = kubernetes
                            .Text({.group_version = request.group_version,
                                   .resource = request.resource,
                                   .object_namespace = request.name_space,
                                   .name = request.name})
                            .size();
    MutexLock lock(mutex_);
    largest_prepull_ = std::max(largest_prepull_, size);
  } else if (request.resource == "jobs" && request.verb == "delete") {
    MutexLock lock(mutex_);
    const auto over = not_deleted_.find(request.name);
    if (over == not_deleted_.end()) return;
    deleted_.push_back(now - over->second);
    not_deleted_.erase(over);
  } else if (request.resource == "configmaps" && request.verb != "delete") {
    const absl::StatusOr<JsonDocument> patch =
        JsonDocument::Parse(request.body);
    if (!patch.ok()) return;
    MutexLock lock(mutex_);
    for (const auto& [key, value] : (*patch)["data"].members()) {
      const auto over = not_recorded_.find(std::string(key));
      if (over == not_recorded_.end()) continue;
      recorded_.push_back(now - over->second);
      not_recorded_.erase(over);
    }
  }
}

void WriteStatistics::WriteDelays(absl::string_view key,
                                  std::vector<absl::Duration> delays,
                                  JsonWriter& json) {
  std::sort(delays.begin(), delays.end());
  json.OpenObject(key).Integer("count", static_cast<int64_t>(delays.size()));
  if (!delays.empty()) {
    json.Integer("median_ms",
                 absl::ToInt64Milliseconds(delays[delays.size() / 2]));
    json.Integer("max_ms", absl::ToInt64Milliseconds(delays.back()));
  }
  json.CloseObject();
}

std::string WriteStatistics::Json(
    const FakeKubernetes& kubernetes,
    const std::map<std::string, int64_t>& cluster) const {
  JsonWriter json;
  json.OpenObject().OpenObject("client");
  for (const auto& [what, count] : kubernetes.counts()) {
    json.Integer(what, count);
  }
  json.CloseObject().OpenObject("cluster");
  for (const auto& [what, count] : cluster) json.Integer(what, count);
  json.CloseObject();
  json.Integer("most_in_flight", kubernetes.most_in_flight());
  MutexLock lock(mutex_);
  json.Integer("jobs_over", jobs_over_);
  WriteDelays("recorded", recorded_, json);
  WriteDelays("deleted", deleted_, json);
  json.Integer("largest_prepull", static_cast<int64_t>(largest_prepull_));
  return json.CloseObject().Take();
}

}  // namespace prepull
