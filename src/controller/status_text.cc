#include "src/controller/status_text.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/text.h"
#include "prepull/run/exit_code.h"
#include "prepull/run/reason.h"

namespace prepull {
namespace {

constexpr size_t kMaxFailures = 50;
constexpr size_t kMaxNodesOfFailure = 10;
constexpr size_t kMaxFailedNodes = 100;
constexpr size_t kMaxStatusMessage = 200;

void Count(const NodeFate& fate, NodeCounts& counts) {
  ++counts.total;
  switch (fate.verdict.state) {
    case NodeState::kNotStarted:
      ++counts.not_started;
      return;
    case NodeState::kUnreachable:
      ++counts.unreachable;
      return;
    case NodeState::kPreparing:
    case NodeState::kStarting:
    case NodeState::kActive:
      ++counts.active;
      return;
    case NodeState::kSucceeded:
    case NodeState::kTimedOut:
    case NodeState::kFailed:
      break;
  }
  // Its end counts once it is on record.
  if (!fate.has_ended) {
    ++counts.active;
  } else if (fate.verdict.state == NodeState::kSucceeded) {
    ++counts.succeeded;
  } else if (fate.verdict.state == NodeState::kTimedOut) {
    ++counts.timed_out;
  } else {
    ++counts.failed;
  }
}

// A Job of an older list counts the images of that one.
std::string ImageAt(const NodeFate& fate, const NodeRecord& record,
                    size_t place) {
  const bool is_known = fate.group->list_hash == record.list_hash &&
                        place < fate.group->images.size();
  return is_known ? fate.group->images[place]
                  : absl::StrCat("image ", place + 1);
}

// What a node's last pod, or its record, says of a failure.
FailedNode FailureOf(const NodeFate& fate, const NodeRecord& record) {
  FailedNode failed = {.node = fate.chosen.name,
                       .state = std::string(NodeStateName(fate.verdict.state)),
                       .message = record.why,
                       .since = record.ended_at};
  if (!record.failures.empty()) {
    const MachineResult::Failure& first = record.failures.front();
    failed.reason = std::string(ReasonName(first.reason));
    failed.image = ImageAt(fate, record, first.image);
    if (!first.message.empty()) failed.message = first.message;
  } else if (record.code) {
    failed.reason =
        std::string(FactsOf(static_cast<ExitCode>(*record.code)).name);
  } else {
    failed.reason = "NoResult";
  }
  return failed;
}

// A node that tries again: what its last ended pod has said.
std::optional<FailedNode> FailureBefore(const NodeFate& fate,
                                        int64_t retry_times) {
  const PodView* ended = nullptr;
  for (const PodView* pod : fate.pods) {
    const bool has_failed = pod->sight.exit_code.value_or(0) != 0;
    if (has_failed) ended = pod;
  }
  if (ended == nullptr) return std::nullopt;
  NodeRecord record = {.list_hash = fate.job->list_hash,
                       .ended_at = ended->ended_at,
                       .code = ended->sight.exit_code};
  TakeMachineLine(ended->sight.message, record);
  FailedNode failed = FailureOf(fate, record);
  failed.pod = absl::StrCat(fate.pods.size(), " of ", retry_times + 1);
  return failed;
}

// What a pod waits for that does not start, or why a node is not asked.
std::optional<FailedNode> WaitOf(const NodeFate& fate) {
  const bool waits = fate.verdict.state == NodeState::kStarting ||
                     fate.verdict.state == NodeState::kUnreachable;
  if (!waits || fate.verdict.why.empty()) return std::nullopt;
  std::string since;
  if (fate.job != nullptr) {
    since = ApiTimeText(fate.job->created);
  } else if (fate.chosen.node != nullptr) {
    since = ApiTimeText(fate.chosen.node->ready_changed);
  }
  return FailedNode{.node = fate.chosen.name,
                    .state = std::string(NodeStateName(fate.verdict.state)),
                    .reason = std::string(NodeStateName(fate.verdict.state)),
                    .message = fate.verdict.why,
                    .since = since};
}

std::optional<FailedNode> FailedNodeOf(const NodeFate& fate,
                                       int64_t retry_times) {
  if (!fate.has_ended) {
    std::optional<FailedNode> failed = FailureBefore(fate, retry_times);
    return failed ? failed : WaitOf(fate);
  }
  if (fate.verdict.state == NodeState::kSucceeded) return std::nullopt;
  if (fate.record != nullptr) return FailureOf(fate, *fate.record);
  return FailedNode{.node = fate.chosen.name,
                    .state = std::string(NodeStateName(fate.verdict.state)),
                    .reason = "NotUsable",
                    .message = fate.verdict.why};
}

class FailureGroups {
 public:
  void Add(const NodeFate& fate) {
    for (const MachineResult::Failure& each : fate.record->failures) {
      const std::string reason(ReasonName(each.reason));
      SharedFailure& group =
          groups_[{ImageAt(fate, *fate.record, each.image), reason}];
      if (group.nodes.empty()) group.message = each.message;
      if (group.nodes.size() < kMaxNodesOfFailure) {
        group.nodes.push_back(fate.chosen.name);
      } else {
        ++group.more;
      }
    }
  }

  std::vector<SharedFailure> Take() {
    std::vector<SharedFailure> failures;
    for (auto& [key, group] : groups_) {
      if (failures.size() == kMaxFailures) break;
      group.image = key.first;
      group.reason = key.second;
      failures.push_back(std::move(group));
    }
    return failures;
  }

 private:
  std::map<std::pair<std::string, std::string>, SharedFailure> groups_;
};

void AddCounts(const ImageCounts& counts, ImageCounts& sum) {
  sum.pulled += counts.pulled;
  sum.skipped += counts.skipped;
  sum.failed += counts.failed;
  sum.stopped += counts.stopped;
}

void WriteNodes(const NodeCounts& counts, JsonWriter& json) {
  json.OpenObject("nodes")
      .Integer("total", counts.total)
      .Integer("notStarted", counts.not_started)
      .Integer("active", counts.active)
      .Integer("succeeded", counts.succeeded)
      .Integer("failed", counts.failed)
      .Integer("timedOut", counts.timed_out)
      .Integer("unreachable", counts.unreachable)
      .CloseObject();
}

void WriteFailures(const std::vector<SharedFailure>& failures,
                   JsonWriter& json) {
  json.OpenArray("failures");
  for (const SharedFailure& each : failures) {
    json.OpenObject()
        .String("image", each.image)
        .String("reason", each.reason)
        .OpenArray("nodes");
    for (const std::string& node : each.nodes) json.String("", node);
    json.CloseArray()
        .Integer("more", each.more)
        .String("message", Printable(each.message, kMaxStatusMessage))
        .CloseObject();
  }
  json.CloseArray();
}

void WriteFailedNodes(const FateSummary& summary, JsonWriter& json) {
  json.OpenArray("failedNodes");
  for (const FailedNode& each : summary.failed_nodes) {
    json.OpenObject()
        .String("node", each.node)
        .String("state", each.state)
        .String("reason", each.reason);
    if (!each.image.empty()) json.String("image", each.image);
    json.String("message", Printable(each.message, kMaxStatusMessage));
    if (!each.since.empty()) json.String("since", each.since);
    if (!each.pod.empty()) json.String("pod", each.pod);
    json.CloseObject();
  }
  json.CloseArray();
  json.Integer("failedNodesOmitted", summary.failed_nodes_omitted);
}

void WriteConditions(const PrepullView& prepull, const StatusFacts& facts,
                     absl::Time now, JsonWriter& json) {
  json.OpenArray("conditions");
  for (const Condition& each : facts.conditions) {
    const Condition* before = prepull.status.Find(each.type);
    const bool is_same = before != nullptr && before->status == each.status &&
                         !before->changed.empty();
    json.OpenObject()
        .String("type", each.type)
        .String("status", each.status)
        .String("reason", each.reason)
        .String("message", Printable(each.message, 1000))
        .String("lastTransitionTime",
                is_same ? before->changed : ApiTimeText(now))
        .Integer("observedGeneration", prepull.generation)
        .CloseObject();
  }
  json.CloseArray();
}

}  // namespace

FateSummary Summarise(const std::vector<NodeFate>& fates, int64_t retry_times) {
  FateSummary summary;
  FailureGroups failures;
  std::vector<FailedNode> waiting;
  for (const NodeFate& fate : fates) {
    Count(fate, summary.nodes);
    if (fate.record != nullptr) {
      AddCounts(fate.record->counts, summary.images);
      failures.Add(fate);
    }
    std::optional<FailedNode> failed = FailedNodeOf(fate, retry_times);
    if (!failed) continue;
    (fate.has_ended ? summary.failed_nodes : waiting)
        .push_back(*std::move(failed));
  }
  // Those that have ended before those that may still succeed.
  std::move(waiting.begin(), waiting.end(),
            std::back_inserter(summary.failed_nodes));
  if (summary.failed_nodes.size() > kMaxFailedNodes) {
    summary.failed_nodes_omitted =
        static_cast<int64_t>(summary.failed_nodes.size() - kMaxFailedNodes);
    summary.failed_nodes.resize(kMaxFailedNodes);
  }
  summary.failures = failures.Take();
  return summary;
}

std::string StatusText(const PrepullView& prepull, absl::string_view name_space,
                       const StatusFacts& facts, absl::Time now) {
  JsonWriter json;
  json.OpenObject()
      .String("apiVersion", "prepull.dev/v1alpha1")
      .String("kind", "Prepull")
      .OpenObject("metadata")
      .String("name", prepull.name)
      .String("namespace", name_space)
      .CloseObject();
  json.OpenObject("status")
      .Integer("observedGeneration", prepull.generation)
      .Integer("round", facts.round)
      .String("observedRetryAt", facts.retry_at)
      .String("startedAt", facts.started_at)
      .String("phase", facts.phase)
      .String("message", Printable(facts.message, 1000));
  if (!facts.list_hash.empty()) {
    json.OpenObject("list")
        .String("hash", facts.list_hash)
        .String("name", facts.list_name)
        .Integer("images", facts.images)
        .String("resolvedAt", facts.resolved_at)
        .CloseObject();
  }
  WriteNodes(facts.summary.nodes, json);
  WriteFailures(facts.summary.failures, json);
  WriteFailedNodes(facts.summary, json);
  WriteConditions(prepull, facts, now, json);
  return json.CloseObject().CloseObject().Take();
}

}  // namespace prepull
