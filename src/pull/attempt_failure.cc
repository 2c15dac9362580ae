#include "src/pull/attempt_failure.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/redact.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr ErrorClass kCutForTime = {.reason = Reason::kTimeout,
                                    .retry = Retry::kWholeBudget};
constexpr ErrorClass kCutForStall = {.reason = Reason::kStalled,
                                     .retry = Retry::kAtOnce};

// " (tried a.json: quay.io; b.json: invalid JSON)": where to look for what is
// wrong.
std::string TriedCredentials(const RoundEnd& end) {
  if (!end.credentials.ok()) return "";
  std::vector<std::string> sources;
  for (const Credential& each : *end.credentials) {
    sources.push_back(each.source);
  }
  std::vector<std::string> parts;
  if (!sources.empty()) {
    parts.push_back(absl::StrCat("tried ", absl::StrJoin(sources, ", ")));
  }
  if (!end.unread.empty()) parts.push_back(end.unread);
  if (!end.empty.empty()) parts.push_back(end.empty);
  if (parts.empty()) return "";
  return Printable(absl::StrCat(" (", absl::StrJoin(parts, "; "), ")"), 512);
}

}  // namespace

Cut CutForAStall(absl::Duration patience) {
  return {kCutForStall,
          absl::StrCat("nothing arrived for ", HumanDuration(patience))};
}

Cut CutForItsTime(absl::Duration timeout, bool was_watched) {
  return {kCutForTime, absl::StrCat(was_watched ? "no progress seen for "
                                                : "not finished within ",
                                    HumanDuration(timeout))};
}

AttemptFailure FailureOf(const RoundEnd& end, const std::optional<Cut>& cut) {
  const absl::Status& error = end.image_ref.status();
  const bool is_cancelled = error.code() == absl::StatusCode::kCancelled;
  if (is_cancelled && cut) {
    return {.what = cut->why, .message = cut->message, .was_cut = true};
  }
  AttemptFailure failure = {.what = end.what,
                            .message = ReportedMessage(error),
                            .run_ends = is_cancelled};
  if (failure.what.retry == Retry::kNextCredential) {
    absl::StrAppend(&failure.message, TriedCredentials(end));
    // A source that could not be read may have a credential that is accepted.
    if (!end.unread.empty()) failure.what.retry = Retry::kWholeBudget;
  }
  return failure;
}

}  // namespace prepull
