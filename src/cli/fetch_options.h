// The flags of fetch, and what a run has of them and of its surroundings.
#ifndef PREPULL_SRC_CLI_FETCH_OPTIONS_H_
#define PREPULL_SRC_CLI_FETCH_OPTIONS_H_

#include <string>

#include "absl/time/time.h"
#include "prepull/base/priority.h"
#include "prepull/kube/node_labeler.h"
#include "prepull/kube/result_config_map.h"
#include "prepull/preflight/image_disk.h"
#include "prepull/run/pull_options.h"
#include "prepull/run/run.h"
#include "prepull/source/image_list.h"
#include "src/cli/command_context.h"
#include "src/cli/shared_flags.h"

namespace prepull {

// Options that are accepted because manifests of other tools have them.
struct CompatibilityOptions {
  std::string metrics_endpoint;
  absl::Duration image_list_timeout = absl::Minutes(1);
  bool debug = false;
};

struct FetchOptions {
  ListInputs list;
  std::string cri_socket;
  // 0 and true: as suits the runtime.
  PullOptions pull = {.concurrency = 0, .layer_order = true};
  PreflightOptions preflight;
  Priority priority;
  CompatibilityOptions compatibility;
  absl::Duration overall_timeout = absl::Minutes(20);
  Deadline deadline;  // of the run, too
  std::string status_file;
  std::string termination_log = kTerminationLog;
  std::string node;
  NodeLabelOptions node_label;
  ResultOptions result;  // its folder is node_label's
  std::string output = "table";
  std::string progress = "auto";
  bool dry_run = false;
  LoggingOptions logging;
};

void AddFetchFlags(Command& command, FetchOptions& options);

// Returns what is known of a run of `context` before it begins, without the
// names of the node and of its instance.
RunStart StartOf(absl::Duration overall_timeout, const Deadline& deadline,
                 const CommandContext& context);

// Returns a run with its identity, and with what the last run wrote to
// `status_file`, which need not exist.
Run NewRun(const FetchOptions& options, const std::string& status_file,
           const CommandContext& context);

// Whether progress is drawn on the terminal rather than logged.
bool DrawsView(const FetchOptions& options, const Host& host);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_FETCH_OPTIONS_H_
