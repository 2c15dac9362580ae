#include "src/cli/fetch_ends.h"

#include <string>

#include "prepull/base/passing_error.h"
#include "prepull/base/text.h"
#include "prepull/source/image_list.h"

namespace prepull {

RunEnd EndWithoutList(const absl::Status& why, bool is_stopped) {
  const std::string message(why.message());
  if (!IsOutOfTime(why)) {
    return {ExitCode::kBadInput, Phase::kFailed, Reason::kBadInput, message};
  }
  if (is_stopped) {
    return {ExitCode::kStopped, Phase::kInterrupted, Reason::kInterrupted,
            message};
  }
  return {ExitCode::kStopped, Phase::kTimedOut,
          IsPassing(why) ? ReasonWithoutReference(why) : Reason::kTimeout,
          message};
}

RunEnd EndOfBadFlags(const absl::Status& why) {
  return {ExitCode::kBadInput, Phase::kFailed, Reason::kBadInput,
          Printable(why.message(), 1024)};
}

Reason ReasonUnfit(const absl::Status& why) {
  if (absl::IsFailedPrecondition(why)) return Reason::kNoSpace;
  return absl::IsResourceExhausted(why) ? Reason::kNodeBusy
                                        : Reason::kRuntimeUnavailable;
}

}  // namespace prepull
