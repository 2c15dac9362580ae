// Phase, message and conditions of a Prepull. Pure.
#ifndef PREPULL_SRC_CONTROLLER_PHASE_H_
#define PREPULL_SRC_CONTROLLER_PHASE_H_

#include <string>

#include "absl/status/status.h"
#include "src/controller/status_text.h"

namespace prepull {

struct PhaseFacts {
  std::string refused = "";  // what is wrong with its spec; "" = nothing
  bool has_list = false;
  // Why there is no list, or no newer one.
  absl::Status list_error = absl::OkStatus();
  bool is_finished = false;
  std::string closed_phase = "";  // with which it had ended before
  bool is_suspended = false;
  std::string paused = "";  // why; "" = it is not
  std::string wave = "";
  std::string stale = "";  // what is not up to date
};

// Sets them in `status`, whose summary is set.
void DescribePhase(const PhaseFacts& facts, StatusFacts& status);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_PHASE_H_
