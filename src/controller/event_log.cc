#include "src/controller/event_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr absl::Duration kEvery = absl::Minutes(1);
constexpr size_t kMaxNamedNodes = 5;
// Groups that have nothing to tell are forgotten from here on.
constexpr size_t kMaxGroups = 1000;

bool WasTrue(const PrepullStatus& status, absl::string_view type) {
  const Condition* condition = status.Find(type);
  return condition != nullptr && condition->status == "True";
}

}  // namespace

void EventLog::Take(const PrepullStatus& before, const PrepullStatus& after,
                    const Decision& decision,
                    const std::set<std::string>& recorded) {
  if (before.round != after.round) {
    const int64_t nodes = decision.status.summary.nodes.total;
    plain_.push_back({.reason = "Started",
                      .message = absl::StrCat("round ", after.round, ": ",
                                              Counted(nodes, "node"))});
  }
  for (const FailedRecord& each : decision.failed) {
    if (!recorded.contains(each.node)) continue;
    Group& group = groups_[{each.image, each.reason}];
    ++group.count;
    group.message = each.message;
    if (group.nodes.size() < kMaxNamedNodes) group.nodes.push_back(each.node);
  }
  for (const Condition& condition : after.conditions) {
    const bool is_new =
        condition.status == "True" && !WasTrue(before, condition.type);
    if (!is_new) continue;
    if (condition.type == "Paused") {
      plain_.push_back({.is_warning = true,
                        .reason = "Paused",
                        .message = condition.message});
    } else if (condition.type == "Finished") {
      plain_.push_back(
          {.is_warning = after.phase != "Succeeded",
           .reason = "Completed",
           .message = absl::StrCat(after.phase, ": ", condition.message)});
    }
  }
}

std::vector<PrepullEvent> EventLog::Due(absl::Time now) {
  std::vector<PrepullEvent> due = std::exchange(plain_, {});
  for (auto& [key, group] : groups_) {
    if (group.count == 0 || group.told_at + kEvery > now) continue;
    const auto& [image, reason] = key;
    const int64_t more = group.count - static_cast<int64_t>(group.nodes.size());
    due.insert(due.begin(),
               {.is_warning = true,
                .reason = "NodeFailed",
                .message = absl::StrCat(
                    absl::StrJoin(group.nodes, ", "),
                    more > 0 ? absl::StrCat(" and ", more, " more") : "", ": ",
                    image.empty() ? "" : absl::StrCat(image, ": "), reason,
                    group.message.empty() ? "" : ": ", group.message)});
    group = {.told_at = now};
  }
  if (groups_.size() > kMaxGroups) {
    std::erase_if(groups_, [&](const auto& each) {
      return each.second.count == 0 && each.second.told_at + kEvery <= now;
    });
  }
  return due;
}

absl::Time EventLog::NextAt() const {
  absl::Time next = plain_.empty() ? absl::InfiniteFuture() : absl::UnixEpoch();
  for (const auto& [key, group] : groups_) {
    if (group.count > 0) next = std::min(next, group.told_at + kEvery);
  }
  return next;
}

}  // namespace prepull
