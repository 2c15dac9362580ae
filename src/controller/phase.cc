#include "src/controller/phase.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

struct Ends {
  std::string phase;
  std::string message;
};

Ends EndOf(const NodeCounts& nodes) {
  // A success that did nothing would be a lie.
  if (nodes.total == 0) return {"Failed", "no node fits"};
  const std::string message = absl::StrCat(
      nodes.succeeded, " of ", Counted(nodes.total, "node"), " succeeded");
  if (nodes.succeeded == nodes.total) return {"Succeeded", message};
  if (nodes.succeeded > 0) return {"PartiallyFailed", message};
  return {nodes.timed_out == nodes.total ? "TimedOut" : "Failed", message};
}

// Whether no wait can mend that there is no list.
bool IsHopeless(const PhaseFacts& facts) {
  if (!facts.refused.empty()) return true;
  return !facts.has_list && absl::IsInvalidArgument(facts.list_error);
}

// Returns the reason of the conditions but Resolved.
std::string SetPhase(const PhaseFacts& facts, StatusFacts& status) {
  if (IsHopeless(facts)) {
    status.phase = "Failed";
    status.message = facts.refused.empty()
                         ? std::string(facts.list_error.message())
                         : facts.refused;
    return facts.refused.empty() ? "InvalidList" : "InvalidSpec";
  }
  if (!facts.has_list) {
    status.phase = "Resolving";
    status.message = facts.list_error.ok()
                         ? "the sources are being asked"
                         : std::string(facts.list_error.message());
    return facts.list_error.ok() ? "Resolving" : "SourceFailed";
  }
  if (facts.is_finished) {
    const Ends end = EndOf(status.summary.nodes);
    status.phase = facts.closed_phase.empty() ? end.phase : facts.closed_phase;
    status.message = end.message;
    return status.phase;
  }
  if (!facts.paused.empty()) {
    status.phase = "Paused";
    status.message = facts.paused;
    return "TooManyFailed";
  }
  status.phase = "Pulling";
  status.message = facts.is_suspended ? "suspended" : facts.wave;
  return facts.is_suspended ? "Suspended" : "Pulling";
}

Condition Resolved(const PhaseFacts& facts, const std::string& reason,
                   const std::string& message) {
  if (!facts.has_list || !facts.refused.empty()) {
    return {.type = "Resolved",
            .status = "False",
            .reason = reason,
            .message = message};
  }
  Condition resolved = {
      .type = "Resolved", .status = "True", .reason = "Resolved"};
  if (!facts.list_error.ok()) {
    resolved.reason = "LastGoodList";
    resolved.message =
        absl::StrCat("the sources gave no new list, the last one counts: ",
                     facts.list_error.message());
  }
  return resolved;
}

}  // namespace

void DescribePhase(const PhaseFacts& facts, StatusFacts& status) {
  const std::string reason = SetPhase(facts, status);
  const bool is_finished = facts.is_finished || IsHopeless(facts);
  const bool is_paused = status.phase == "Paused";
  const bool is_complete = is_finished && status.phase == "Succeeded";
  status.conditions = {Resolved(facts, reason, status.message)};
  const auto add = [&](const std::string& type, bool is_true) {
    status.conditions.push_back({.type = type,
                                 .status = is_true ? "True" : "False",
                                 .reason = reason,
                                 .message = is_true ? status.message : ""});
  };
  add("Progressing", status.phase == "Pulling" && !facts.is_suspended);
  add("Paused", is_paused);
  add("Finished", is_finished);
  add("Complete", is_complete);
  add("Failed", is_finished && !is_complete);
  if (!facts.stale.empty()) {
    absl::StrAppend(&status.message, status.message.empty() ? "" : "; ",
                    facts.stale);
  }
}

}  // namespace prepull
