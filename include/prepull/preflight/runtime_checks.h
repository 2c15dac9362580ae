// What a runtime is good for: who it is, the known bugs of its version, and
// what it offers beyond CRI.
//
// Looking and judging are apart: LookAtRuntime asks, the rest is pure.
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
  absl::Status extension;  // UNIMPLEMENTED: it has none
};

// Asks the runtime for its extension.
RuntimeState LookAtRuntime(const FoundRuntime& found, absl::Duration timeout,
                           const std::stop_token& stop);

// What it offers beyond CRI.
RuntimeFeatures FeaturesOf(const RuntimeState& runtime);

// The findings socket, runtime, version, resume and pins.
std::vector<Finding> JudgeRuntime(const RuntimeState& runtime);

// What is known to go wrong with pulls in this version, with the issue that
// says so; "" if nothing is.
std::string KnownBug(const RuntimeVersion& version);

}  // namespace prepull

#endif  // PREPULL_PREFLIGHT_RUNTIME_CHECKS_H_
