// Which nodes are asked next: concurrency, waves and tolerance. Pure.
#ifndef PREPULL_SRC_CONTROLLER_ROLLOUT_H_
#define PREPULL_SRC_CONTROLLER_ROLLOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "src/controller/node_fate.h"

namespace prepull {

struct Rollout {
  std::vector<const NodeFate*> next = {};  // in the order of their names
  std::string paused = "";                 // why; "" = it is not
  std::string wave = "";                   // "wave 2 of 3"; "" = there are none
};

// `jobs`: how many Jobs of the Prepull exist, which is how many nodes pull.
//
// Waves are cumulative: the next one begins when so many nodes as this one has
// have ended, with no larger share of failures among them than is tolerated. A
// node that is not ready is passed over, so that it delays nobody.
Rollout NextNodes(const PrepullSpec& spec, const std::vector<NodeFate>& fates,
                  int64_t jobs);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_ROLLOUT_H_
