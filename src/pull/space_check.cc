#include "src/pull/space_check.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/units.h"

namespace prepull {

bool SpaceCheck::Fits(std::optional<int64_t> needed_bytes) {
  const bool is_due = needed_bytes && space_.free_bytes && !is_done_;
  if (is_due && *needed_bytes > *space_.free_bytes) {
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
  is_done_ = is_done_ || is_due;
  return failure_.empty();
}

}  // namespace prepull
