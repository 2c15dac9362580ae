// The tags of the Rubin Observatory's science platform images. Pure.
//
// Releases r21_0_1 (and r170, which is 17.0.0), candidates r22_0_0_rc1,
// weeklies w_2021_22 and dailies d_2021_05_27, each followed by a cycle
// (_c0021.003 or _csal0021.003) or not, and then by any other text behind a
// '_' or not. All else is no such tag, experimental ones (exp_...) included.
// Source: https://github.com/lsst-sqre/cachemachine (rubintag.py)
#ifndef PREPULL_SRC_TAGS_RUBIN_TAG_H_
#define PREPULL_SRC_TAGS_RUBIN_TAG_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "prepull/tags/tag_order.h"

namespace prepull {

enum class RubinKind { kRelease, kCandidate, kWeekly, kDaily };

struct RubinTag {
  RubinKind kind = RubinKind::kRelease;

  // The numbers of release (and candidate), week or day. Of one build's
  // variants the highest is the plain tag, then the newest build of the newest
  // cycle, those with other text behind them last.
  RankedTag ranked = {};

  absl::string_view cycle = "";  // "0021"; empty if it has none
};

// Views into `tag`.
std::optional<RubinTag> ParseRubinTag(absl::string_view tag);

}  // namespace prepull

#endif  // PREPULL_SRC_TAGS_RUBIN_TAG_H_
