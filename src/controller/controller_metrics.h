// What a controller tells of itself: /metrics, /healthz and /readyz.
//
// Labels are bounded: states, verbs, and the names of at most 100 Prepulls.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
// Threads: safe to share.
#ifndef PREPULL_SRC_CONTROLLER_CONTROLLER_METRICS_H_
#define PREPULL_SRC_CONTROLLER_CONTROLLER_METRICS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"
#include "prepull/http/http_server.h"
#include "src/controller/status_text.h"

namespace prepull {

class ControllerMetrics {
 public:
  explicit ControllerMetrics(const Clock& clock) : clock_(clock) {}

  void SetPrepull(const std::string& name, const StatusFacts& status);
  void RemovePrepull(const std::string& name);
  void AddWrite(absl::string_view verb, bool is_ok);
  void AddPass(absl::Duration took);
  // Which copies of the cluster's objects are complete, and which not up to
  // date.
  void SetWatch(absl::string_view kind, bool is_listed, bool has_problem);

  // The pages by their paths.
  HttpPage Page(absl::string_view path) const;

 private:
  struct PrepullFigures {
    NodeCounts nodes;
    ImageCounts images;
    bool is_paused = false;
  };
  struct WatchFigures {
    bool is_listed = false;
    bool has_problem = false;
  };

  HttpPage Health() const;
  HttpPage Readiness() const;
  std::string Figures() const;

  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, PrepullFigures> prepulls_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, bool>, int64_t> writes_
      ABSL_GUARDED_BY(mutex_);
  std::map<std::string, WatchFigures> watches_ ABSL_GUARDED_BY(mutex_);
  int64_t passes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration pass_time_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  Instant passed_at_ ABSL_GUARDED_BY(mutex_) = Instant::Never();
};

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_CONTROLLER_METRICS_H_
