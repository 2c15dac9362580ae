// The flags of fetch.
#ifndef PREPULL_SRC_CLI_FETCH_OPTIONS_H_
#define PREPULL_SRC_CLI_FETCH_OPTIONS_H_

#include <string>

#include "absl/time/time.h"
#include "prepull/base/priority.h"
#include "prepull/run/pull_options.h"
#include "src/cli/command_context.h"
#include "src/cli/image_arguments.h"
#include "src/cli/node_label_flags.h"
#include "src/cli/preflight_flags.h"

namespace prepull {

// What is accepted for the sake of other tools' manifests.
struct PeerOptions {
  std::string metrics_endpoint;
  absl::Duration image_list_timeout = absl::Minutes(1);
  bool debug = false;
};

struct FetchOptions {
  ImageArguments images;
  PullOptions pull = {.concurrency = 0};  // 0 = by the runtime's version
  PreflightOptions preflight;
  Priority priority;
  PeerOptions peer;
  absl::Duration overall_timeout = absl::Minutes(20);
  std::string status_file;
  std::string termination_log = "/dev/termination-log";
  std::string node;
  NodeLabelOptions node_label;
  std::string output = "table";
  std::string progress = "auto";
  bool dry_run = false;
  TalkOptions talk;
};

void AddFetchFlags(Command& command, FetchOptions& options);

// Whether progress is drawn on the terminal rather than logged.
bool DrawsView(const FetchOptions& options, const Host& host);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_FETCH_OPTIONS_H_
