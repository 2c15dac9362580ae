#include "src/pull/space_check.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/units.h"

namespace prepull {

void SpaceCheck::Check(std::optional<int64_t> needed_bytes) {
  if (!needed_bytes || !space_.free_bytes || std::exchange(is_done_, true)) {
    return;
  }
  if (*needed_bytes <= *space_.free_bytes) return;
  const std::string what =
      absl::StrCat("the list needs about ", HumanBytes(*needed_bytes), ", ",
                   HumanBytes(*space_.free_bytes), " are free");
  if (*needed_bytes - space_.stored_bytes > *space_.free_bytes) {
    failure_ = what;
  } else {
    Log(LogLevel::kWarn,
        absl::StrCat(what, ": it fits only if the node has some of it"));
  }
}

}  // namespace prepull
