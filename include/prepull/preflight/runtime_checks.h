// Which runtime this is, the known bugs of its version, and what it supports
// beyond CRI.
//
// ReadRuntimeState asks the runtime, the rest is pure.
#ifndef PREPULL_PREFLIGHT_RUNTIME_CHECKS_H_
#define PREPULL_PREFLIGHT_RUNTIME_CHECKS_H_

#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/preflight/finding.h"
#include "prepull/run/run.h"
#include "prepull/runtime/container_runtime.h"
#include "prepull/runtime/socket_discovery.h"

namespace prepull {

struct RuntimeState {
  std::string socket;
  RuntimeVersion version;
  absl::Status extension;  // UNIMPLEMENTED if it has none
  // Why its connections cannot be seen; OK if they can.
  absl::Status connections = absl::UnimplementedError("not tried");
};

// Probes the extension of the runtime.
RuntimeState ReadRuntimeState(const FoundRuntime& found, absl::Duration timeout,
                              const std::stop_token& stop);

// Returns what the runtime supports beyond CRI.
RuntimeFeatures FeaturesOf(const RuntimeState& runtime);

// Returns the findings socket, runtime, version, resume, connections and pins.
std::vector<Finding> EvaluateRuntime(const RuntimeState& runtime);

// Returns the known bug of pulls in this version, with its issue; "" if there
// is none.
std::string KnownBug(const RuntimeVersion& version);

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_RUNTIME_CHECKS_H_
