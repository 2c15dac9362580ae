#include "src/controller/decision.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/list/list_hash.h"
#include "prepull/list/unique_images.h"
#include "src/controller/phase.h"

namespace prepull {
namespace {

// Sources that could not be read are asked again after so long.
constexpr absl::Duration kResolveAgain = absl::Minutes(1);
// Another controller may have put the result of a Job on record and deleted it,
// and the two watches are not in step.
constexpr absl::Duration kResultIsSeen = absl::Seconds(5);

std::string ListNameOf(absl::string_view prepull, absl::string_view hash) {
  return absl::StrCat(prepull, "-", hash);
}

// The normal form of a list of nothing but named images.
absl::StatusOr<std::string> NamedList(const PrepullSpec& spec) {
  ASSIGN_OR_RETURN(std::vector<ImageRequest> requests, NamedImages(spec));
  TakeOptions(spec, requests);
  if (requests.empty()) {
    return absl::InvalidArgumentError("spec.images: they are all comments");
  }
  return NormalisedList(UniqueImages(std::move(requests)));
}

std::vector<FailedRecord> FailuresIn(const NodeRecord& record,
                                     const NodeGroup* group) {
  std::vector<FailedRecord> failed;
  const bool knows_images =
      group != nullptr && group->list_hash == record.list_hash;
  for (const MachineResult::Failure& each : record.failures) {
    if (!knows_images || each.image >= group->images.size()) continue;
    failed.push_back({.image = group->images[each.image],
                      .reason = std::string(ReasonName(each.reason)),
                      .message = each.message});
  }
  if (failed.empty()) {
    failed.push_back({.reason = std::string(NodeStateName(record.state)),
                      .message = record.why});
  }
  return failed;
}

// One decision.
class Decider {
 public:
  Decider(const PrepullView& prepull, const ClusterState& cluster,
          const ControllerRules& rules, PrepullMemory& memory, absl::Time now)
      : prepull_(prepull),
        cluster_(cluster),
        objects_(cluster.ObjectsOf(prepull.name)),
        rules_(rules),
        memory_(memory),
        now_(now) {}

  Decision Make() {
    if (prepull_.is_deleting) return {};
    // The name may have a new bearer.
    if (memory_.uid != prepull_.uid) memory_ = {.uid = prepull_.uid};
    const std::string refused = Refusal();
    if (!refused.empty()) {
      TakeRound();
      Describe(refused);
      return std::move(decision_);
    }
    FindList();
    TakeRound();
    if (has_list_ && MakeGroups()) {
      TakeFates();
      WriteLists();
      Start();
    }
    Describe("");
    return std::move(decision_);
  }

 private:
  const PrepullSpec& spec() const { return *prepull_.spec; }
  StatusFacts& status() { return decision_.status; }

  // What is wrong with the spec; "" = nothing.
  std::string Refusal() const {
    if (!prepull_.spec.ok()) {
      return std::string(prepull_.spec.status().message());
    }
    const std::vector<std::string>& items = spec().check_items;
    const bool needs_disk =
        !spec().space_required.empty() ||
        std::find(items.begin(), items.end(), "disk") != items.end();
    if (!needs_disk || !rules_.is_blind_to_disk) return "";
    return "spec.checkItems and spec.spaceRequired: the disk cannot be seen: "
           "the controller has no --storage-dir";
  }

  void LookAgain(absl::Time at) {
    decision_.look_again = std::min(decision_.look_again, at);
  }

  // The list that counts: as its sources said last, else the last good one.
  void FindList() {
    if (spec().sources.empty()) {
      if (memory_.named_generation != prepull_.generation) {
        memory_.named_generation = prepull_.generation;
        memory_.named = NamedList(spec());
      }
      list_error_ = memory_.named.status();
      if (memory_.named.ok()) UseList(*memory_.named, ApiTimeText(now_));
      return;
    }
    const std::optional<Resolution>& last = memory_.resolution;
    const bool is_known = last && last->inputs_hash == spec().inputs_hash;
    if (is_known && last->text.ok()) {
      UseList(*last->text, ApiTimeText(last->at));
    } else if (const ListView* kept = KeptList()) {
      UseList(kept->text, prepull_.status.resolved_at);
      list_inputs_ = kept->inputs;
    }
    if (is_known && !last->text.ok()) list_error_ = last->text.status();
    AskSources(is_known ? last->at : ApiTime(prepull_.status.resolved_at));
  }

  // The list for all nodes that was resolved from the same inputs before; once
  // they cannot be resolved, from others. Of several, the one that counted.
  const ListView* KeptList() const {
    const ListView* same = nullptr;
    const ListView* other = nullptr;
    for (const auto& [name, list] : objects_.lists) {
      if (list.inputs.empty() || list.owner_uid != prepull_.uid) continue;
      const bool counted = list.hash == prepull_.status.list_hash;
      const ListView*& kept = list.inputs == spec().inputs_hash ? same : other;
      if (kept == nullptr || counted) kept = &list;
    }
    const bool has_failed =
        memory_.resolution &&
        memory_.resolution->inputs_hash == spec().inputs_hash;
    return same == nullptr && has_failed ? other : same;
  }

  void AskSources(absl::Time asked) {
    absl::Time due = absl::InfinitePast();
    if (!list_error_.ok()) {
      due = asked + kResolveAgain;
    } else if (has_list_) {
      due = spec().refresh_interval > absl::ZeroDuration()
                ? asked + spec().refresh_interval
                : absl::InfiniteFuture();
    }
    decision_.resolves = !memory_.is_resolving && due <= now_;
    if (due > now_) LookAgain(due);
  }

  void UseList(std::string text, const std::string& resolved_at) {
    has_list_ = true;
    list_text_ = std::move(text);
    list_inputs_ = spec().inputs_hash;
    status().resolved_at = resolved_at;
  }

  // An edit of the list begins no round, but the wait for nodes anew.
  void TakeRound() {
    const PrepullStatus& before = prepull_.status;
    status().round = std::max<int64_t>(before.round, 1);
    status().retry_at = prepull_.retry_at;
    status().started_at = before.started_at;
    const bool is_retried =
        before.round > 0 && before.retry_at != prepull_.retry_at;
    if (is_retried) ++status().round;
    decision_.begins_round = before.round == 0 || is_retried;
    if (decision_.begins_round) status().started_at = ApiTimeText(now_);
  }

  bool MakeGroups() {
    const bool is_same = memory_.groups_generation == prepull_.generation &&
                         memory_.groups_list == list_text_;
    if (!is_same) {
      memory_.groups_generation = prepull_.generation;
      memory_.groups_list = list_text_;
      memory_.groups = GroupsOf(spec(), list_text_, rules_.allowed_secrets);
    }
    if (!memory_.groups.ok()) {
      list_error_ = memory_.groups.status();
      has_list_ = false;
      return false;
    }
    work_ = {.task = spec().task,
             .round = status().round,
             .groups = &*memory_.groups};
    const NodeGroup& all = work_.groups->back();
    status().list_hash = all.list_hash;
    status().list_name = ListNameOf(prepull_.name, all.list_hash);
    status().images = static_cast<int64_t>(all.images.size());
    const bool is_changed = prepull_.status.list_hash != all.list_hash;
    if (is_changed) status().started_at = ApiTimeText(now_);
    // The same list is as old as it was.
    const bool is_kept = spec().sources.empty() && !is_changed &&
                         !prepull_.status.resolved_at.empty();
    if (is_kept) status().resolved_at = prepull_.status.resolved_at;
    return true;
  }

  void TakeFates() {
    records_ = RecordsIn(objects_.shards, prepull_.uid);
    for (const auto& [node, own] : objects_.own_records) {
      KnownRecord& known = records_[node];
      const bool is_newer = own.owner_uid == prepull_.uid &&
                            (known.record == nullptr ||
                             own.record.ended_at > known.record->ended_at);
      if (is_newer) {
        known = {.shard = own.shard, .record = &own.record};
      } else if (known.record == nullptr) {
        records_.erase(node);
      }
    }
    const Known known = {cluster_, objects_, records_, now_};
    fates_ = FatesOf(spec(), work_, known);
    decision_.steps = JobStepsOf(fates_, memory_.asked, known);
    for (const JobStep& step : decision_.steps) LookAgain(step.look_again);
    decision_.records =
        ShardWritesOf(prepull_, objects_.shards, records_, decision_.steps);
    TakeFailures();
    status().summary = Summarise(fates_, spec().retry_times);
  }

  void TakeFailures() {
    std::map<std::string, const NodeGroup*> groups;
    for (const NodeFate& fate : fates_) groups[fate.chosen.name] = fate.group;
    for (const JobStep& step : decision_.steps) {
      const bool has_failed = step.kind == JobStep::Kind::kRecord &&
                              step.record.state != NodeState::kSucceeded;
      if (!has_failed) continue;
      const auto group = groups.find(step.node);
      for (FailedRecord& each : FailuresIn(
               step.record, group != groups.end() ? group->second : nullptr)) {
        each.node = step.node;
        decision_.failed.push_back(std::move(each));
      }
    }
  }

  void WriteLists() {
    std::set<std::string> wanted = {work_.groups->back().list_hash};
    for (const NodeFate& fate : fates_) wanted.insert(fate.group->list_hash);
    for (const NodeGroup& group : *work_.groups) {
      const bool is_for_all = &group == &work_.groups->back();
      if (!wanted.contains(group.list_hash)) continue;
      const std::string name = ListNameOf(prepull_.name, group.list_hash);
      const auto found = objects_.lists.find(name);
      const bool is_there = found != objects_.lists.end() &&
                            found->second.owner_uid == prepull_.uid;
      const std::string inputs = is_for_all ? list_inputs_ : "";
      const bool is_same =
          is_there && (inputs.empty() || found->second.inputs == inputs);
      if (is_there) ready_lists_.insert(group.list_hash);
      if (is_same) continue;
      decision_.lists.push_back({.name = name,
                                 .hash = group.list_hash,
                                 .inputs = inputs,
                                 .text = group.text});
    }
    for (const auto& [name, job] : objects_.jobs) wanted.insert(job.list_hash);
    for (const auto& [name, list] : objects_.lists) {
      if (!wanted.contains(list.hash)) decision_.unused_lists.push_back(name);
    }
  }

  // Once it has ended it asks no node any more, until it is edited or retried.
  bool is_closed() const {
    const PrepullStatus& before = prepull_.status;
    const Condition* finished = before.Find("Finished");
    return finished != nullptr && finished->status == "True" &&
           finished->generation == prepull_.generation &&
           !decision_.begins_round &&
           before.list_hash == decision_.status.list_hash;
  }

  void Start() {
    rollout_ =
        NextNodes(spec(), fates_, static_cast<int64_t>(objects_.jobs.size()));
    if (decision_.begins_round || is_closed()) return;
    for (const NodeFate* fate : rollout_.next) {
      if (!ready_lists_.contains(fate->group->list_hash)) continue;
      NodeJob job = JobFor(*fate);
      const auto gone = objects_.gone_jobs.find(job.name);
      const bool may_be_done = gone != objects_.gone_jobs.end() &&
                               gone->second + kResultIsSeen > now_;
      if (may_be_done) {
        LookAgain(gone->second + kResultIsSeen);
      } else {
        decision_.jobs.push_back(std::move(job));
      }
    }
  }

  NodeJob JobFor(const NodeFate& fate) const {
    const NodeGroup& group = *fate.group;
    return {.name = NodeJobName(prepull_.name, fate.chosen.name, group, work_),
            .prepull = prepull_.name,
            .prepull_uid = prepull_.uid,
            .node = fate.chosen.name,
            .task = work_.task,
            .round = work_.round,
            .list_hash = group.list_hash,
            .list_config_map = ListNameOf(prepull_.name, group.list_hash),
            .deadline = now_ + spec().timeout,
            .timeout = spec().timeout,
            .retry_times = spec().retry_times,
            .secrets = group.secrets,
            .line_secrets = group.line_secrets,
            .priority_class = spec().priority_class,
            .check_items = spec().check_items,
            .space_required = spec().space_required};
  }

  // Nothing is left to do, and nothing to wait for. A node that is not ready is
  // waited for as long as a node may take.
  bool HasEnded() {
    bool has_ended = true;
    for (const NodeFate& fate : fates_) {
      if (fate.has_ended) continue;
      const bool may_be_left =
          fate.job == nullptr && fate.verdict.state == NodeState::kUnreachable;
      if (!may_be_left) {
        has_ended = false;
        continue;
      }
      const absl::Time since = std::max(fate.chosen.node->ready_changed,
                                        ApiTime(decision_.status.started_at));
      if (since + spec().timeout <= now_) continue;
      has_ended = false;
      LookAgain(since + spec().timeout);
    }
    return has_ended && objects_.jobs.empty();
  }

  void Describe(const std::string& refused) {
    DescribePhase({.refused = refused,
                   .has_list = has_list_,
                   .list_error = list_error_,
                   .is_finished = has_list_ && (is_closed() || HasEnded()),
                   .closed_phase = is_closed() ? prepull_.status.phase : "",
                   .is_suspended = has_list_ && spec().is_suspended,
                   .paused = rollout_.paused,
                   .wave = rollout_.wave,
                   .stale = memory_.write_error.empty() ? rules_.stale
                                                        : memory_.write_error},
                  status());
    if (has_list_ && is_closed()) Expire();
  }

  void Expire() {
    if (!spec().kept_for) return;
    const absl::Time end =
        ApiTime(prepull_.status.Find("Finished")->changed) + *spec().kept_for;
    decision_.expires = end <= now_;
    if (!decision_.expires) LookAgain(end);
  }

  const PrepullView& prepull_;
  const ClusterState& cluster_;
  const PrepullObjects& objects_;
  const ControllerRules& rules_;
  PrepullMemory& memory_;
  const absl::Time now_;

  Decision decision_;
  bool has_list_ = false;
  std::string list_text_;
  std::string list_inputs_;  // what it was resolved from
  absl::Status list_error_;
  Work work_;
  RecordMap records_;
  std::vector<NodeFate> fates_;
  std::set<std::string> ready_lists_;
  Rollout rollout_;
};

}  // namespace

Decision Decide(const PrepullView& prepull, const ClusterState& cluster,
                const ControllerRules& rules, PrepullMemory& memory,
                absl::Time now) {
  return Decider(prepull, cluster, rules, memory, now).Make();
}

}  // namespace prepull
