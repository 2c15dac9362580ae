// Which events a Prepull tells: its beginnings and ends, and failures grouped,
// at most one for an image and a reason a minute. Pure.
#ifndef PREPULL_SRC_CONTROLLER_EVENT_LOG_H_
#define PREPULL_SRC_CONTROLLER_EVENT_LOG_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "src/controller/decision.h"
#include "src/controller/object_text.h"

namespace prepull {

class EventLog {
 public:
  // Takes what was decided and done: the status before and after that.
  // `recorded`: the nodes whose results went on record; others are decided
  // again.
  void Take(const PrepullStatus& before, const PrepullStatus& after,
            const Decision& decision, const std::set<std::string>& recorded);

  // Returns the events that may be told now.
  std::vector<PrepullEvent> Due(absl::Time now);

  // When there will be more; absl::InfiniteFuture() for never.
  absl::Time NextAt() const;

 private:
  struct Group {
    std::vector<std::string> nodes = {};  // that are not told yet; a few
    int64_t count = 0;
    std::string message = "";
    absl::Time told_at = absl::InfinitePast();
  };

  std::vector<PrepullEvent> plain_;
  std::map<std::pair<std::string, std::string>, Group> groups_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_EVENT_LOG_H_
