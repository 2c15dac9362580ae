// Writes how a run stands into a ConfigMap of the pod's own namespace
// (--result-configmap): `status.json`, the status document, and `summary`, one
// line.
//
// The ConfigMap must exist: a hub sees objects by their names, and the pod may
// patch this one and nothing else. It is written at the end and, if that is
// wanted, every so often before. A separate thread writes, so that a slow API
// server delays no pull; of the states it is given meanwhile only the newest is
// written. Failures are warnings in the log and change nothing else.
#ifndef PREPULL_KUBE_RESULT_CONFIG_MAP_H_
#define PREPULL_KUBE_RESULT_CONFIG_MAP_H_

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/http/http_client.h"
#include "prepull/run/run_observer.h"

namespace prepull {

// A request of the API server takes 3 MiB and an object 1.5 MiB, with a
// ConfigMap's data at 1 MiB.
inline constexpr size_t kMaxResultBytes = 900'000;

struct ResultOptions {
  std::string config_map = "";  // its name, a DNS subdomain; "" = none
  // Between two writes; 0 = only at the end.
  absl::Duration every = absl::ZeroDuration();
  // Where the kubelet puts `token`, `ca.crt` and `namespace`.
  std::string service_account_dir = "";
};

// What the ConfigMap says.
struct ResultTexts {
  std::string document;  // at most kMaxResultBytes
  std::string summary;
};

class ResultConfigMap : public RunObserver {
 public:
  // All of it must outlive the object.
  struct Seams {
    Host& host;
    FileSystem& files;
    Clock& clock;
    HttpClient& http;
  };
  // Called on the writing thread.
  using Describe = std::function<ResultTexts(Run, Instant, absl::Time)>;

  // `stop`: from then on the last write has 1 s in place of 10 s.
  ResultConfigMap(ResultOptions options, Describe describe, const Seams& seams,
                  std::stop_token stop);
  // Waits for a write that has begun.
  ~ResultConfigMap() override;

  // Warns if there is no API server or no namespace; then nothing is written.
  void OnStarted(const Run& run) override;
  void OnListKnown(const Run& run) override;
  void OnPlanned(const Run& run) override;
  Instant OnTurn(const Run& run, Instant now) override;
  // Begins the last write, in place of one that is under way.
  void OnRunEnded(const Run& run) override;
  void OnFinished(const Run& run, Instant) override { OnRunEnded(run); }

  // Waits until the last write has ended: at most 10 s, or 1 s after a stop.
  void AwaitLast();

 private:
  class Writer;

  void Tell(const Run& run, Instant now);

  const ResultOptions options_;
  const Describe describe_;
  const Seams seams_;
  const std::stop_token stop_;
  std::unique_ptr<Writer> writer_;  // null: nothing is written
  bool is_told_ = false;            // from OnStarted to OnRunEnded
  Instant next_write_;
};

}  // namespace prepull

#endif  // PREPULL_KUBE_RESULT_CONFIG_MAP_H_
