// What a run of a controller cost the API server, and how quickly it acted.
//
// Threads: safe to share.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_WRITE_STATISTICS_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_WRITE_STATISTICS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/mutex.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"
#include "test/support/kubernetes_api/job_sight.h"

namespace prepull {

class WriteStatistics {
 public:
  // `clock` must outlive the object.
  explicit WriteStatistics(Clock& clock) : clock_(clock) {}

  void OnJobOver(const JobSpecSight& job);
  void OnWrite(const FakeKubernetes::Write& write,
               const FakeKubernetes& kubernetes);

  // {"client":{"create jobs":3,...},"cluster":{...},"jobs_over":3,
  //  "recorded":{"count":..,"median_ms":..,"max_ms":..},"deleted":{...},
  //  "largest_prepull":..,"most_in_flight":..}: `recorded` and `deleted` say
  // how long after the end of its Job a node's result was in a ConfigMap, and
  // the Job was deleted.
  std::string Json(const FakeKubernetes& kubernetes,
                   const std::map<std::string, int64_t>& cluster) const;

 private:
  static void WriteDelays(absl::string_view key,
                          std::vector<absl::Duration> delays, JsonWriter& json);

  Clock& clock_;
  mutable Mutex mutex_;
  int64_t jobs_over_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of Jobs that are over, by their nodes and by their names.
  std::map<std::string, Instant> not_recorded_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Instant> not_deleted_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> recorded_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> deleted_ ABSL_GUARDED_BY(mutex_);
  size_t largest_prepull_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_WRITE_STATISTICS_H_
