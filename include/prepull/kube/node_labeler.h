// Labels the Node with the result of a run (--node-label).
//
// It comes after everything else and has a deadline of its own: a run that has
// used up its time still reports how it ended.
#ifndef PREPULL_KUBE_NODE_LABELER_H_
#define PREPULL_KUBE_NODE_LABELER_H_

#include <optional>
#include <stop_token>
#include <string>

#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/http/http_client.h"
#include "prepull/kube/node_label.h"
#include "prepull/run/run.h"

namespace prepull {

struct NodeLabelOptions {
  std::optional<NodeLabel> label = std::nullopt;  // nothing: no label
  std::string service_account_dir =
      "/var/run/secrets/kubernetes.io/serviceaccount";
};

// Failures are warnings in the log and change nothing else.
//
// Not thread-safe.
class NodeLabeler {
 public:
  // All of it must outlive the labeler.
  struct Seams {
    Host& host;
    FileSystem& files;
    Clock& clock;
    HttpClient& http;
  };

  NodeLabeler(const NodeLabelOptions& options, const Seams& seams);

  // Finds the API server, and warns at the start of a run of what will fail at
  // its end.
  void Start(const Run& run);

  // Labels the node; `run` has ended. Blocks for at most 10 s, or 2 s after
  // `stop` is requested.
  void Finish(const Run& run, const std::stop_token& stop) const;

 private:
  const NodeLabelOptions& options_;
  const Seams seams_;
  std::string server_url_;  // "": there is no API server, or no label
  std::string key_;
};

}  // namespace prepull

#endif  // PREPULL_KUBE_NODE_LABELER_H_
