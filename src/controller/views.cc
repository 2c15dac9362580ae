#include "src/controller/views.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxWords = 300;

int CountOf(JsonValue value) {
  return static_cast<int>(value.integer().value_or(0));
}

// "REASON: message", as far as there is one.
std::string Words(absl::string_view reason, absl::string_view message) {
  const absl::string_view between =
      reason.empty() || message.empty() ? "" : ": ";
  return Printable(absl::StrCat(reason, between, message), kMaxWords);
}

std::string WordsOf(JsonValue value) {
  return Words(value["reason"].StringOrEmpty(),
               value["message"].StringOrEmpty());
}

JsonValue ConditionOf(JsonValue object, absl::string_view type) {
  for (const JsonValue each : object["status"]["conditions"].elements()) {
    if (each["type"].StringOrEmpty() == type) return each;
  }
  return {};
}

// The one that the Job names; others may be added to a pod.
JsonValue WorkContainer(JsonValue pod) {
  for (const JsonValue each : pod["status"]["containerStatuses"].elements()) {
    const std::string name = each["name"].StringOrEmpty();
    for (const NodeTask task : {NodeTask::kFetch, NodeTask::kCheck}) {
      if (name == absl::AsciiStrToLower(NodeTaskName(task))) return each;
    }
  }
  return {};
}

// Why no container of the pod runs yet, in others' words.
std::string WaitsFor(JsonValue pod, JsonValue container) {
  const JsonValue scheduled = ConditionOf(pod, "PodScheduled");
  if (scheduled["status"].StringOrEmpty() == "False") return WordsOf(scheduled);
  const std::string words = WordsOf(container["state"]["waiting"]);
  // Which is no news.
  return words == "ContainerCreating" || words == "PodInitializing" ? ""
                                                                    : words;
}

JobSight SightOfJob(JsonValue object) {
  const JsonValue status = object["status"];
  JobSight sight = {.active = CountOf(status["active"]),
                    .succeeded = CountOf(status["succeeded"]),
                    .failed = CountOf(status["failed"])};
  for (const JsonValue each : status["conditions"].elements()) {
    if (each["status"].StringOrEmpty() != "True") continue;
    sight.conditions.push_back(
        {.type = each["type"].StringOrEmpty(),
         .reason = Printable(each["reason"].StringOrEmpty(), kMaxWords),
         .message = Printable(each["message"].StringOrEmpty(), kMaxWords)});
  }
  return sight;
}

// How the container has ended, or has before it was started again.
JsonValue EndOf(JsonValue container) {
  const JsonValue ended = container["state"]["terminated"];
  return ended.is_unset() ? container["lastState"]["terminated"] : ended;
}

PodSight SightOfPod(JsonValue object) {
  const JsonValue container = WorkContainer(object);
  PodSight sight = {
      .phase = object["status"]["phase"].StringOrEmpty(),
      .reason = Printable(object["status"]["reason"].StringOrEmpty(), 64),
      .waiting = WaitsFor(object, container)};
  const JsonValue ended = EndOf(container);
  if (const std::optional<int64_t> code = ended["exitCode"].integer()) {
    sight.exit_code = static_cast<int>(*code);
    sight.message = ended["message"].StringOrEmpty();
    const std::string reason = ended["reason"].StringOrEmpty();
    const bool says_more = reason != "Error" && reason != "Completed";
    if (says_more && sight.message.empty()) {
      sight.message = Printable(reason, 64);
    }
  }
  return sight;
}

PrepullStatus StatusOf(JsonValue object) {
  const JsonValue value = object["status"];
  PrepullStatus status = {
      .generation = value["observedGeneration"].integer().value_or(0),
      .round = value["round"].integer().value_or(0),
      .retry_at = value["observedRetryAt"].StringOrEmpty(),
      .started_at = value["startedAt"].StringOrEmpty(),
      .phase = value["phase"].StringOrEmpty(),
      .list_hash = value["list"]["hash"].StringOrEmpty(),
      .resolved_at = value["list"]["resolvedAt"].StringOrEmpty()};
  for (const JsonValue each : value["conditions"].elements()) {
    status.conditions.push_back(
        {.type = each["type"].StringOrEmpty(),
         .status = each["status"].StringOrEmpty(),
         .reason = each["reason"].StringOrEmpty(),
         .message = each["message"].StringOrEmpty(),
         .changed = each["lastTransitionTime"].StringOrEmpty(),
         .generation = each["observedGeneration"].integer().value_or(0)});
  }
  return status;
}

LabelMap LabelsOf(JsonValue object) {
  LabelMap labels;
  for (const auto& [key, value] : object["metadata"]["labels"].members()) {
    labels.emplace(std::string(key), value.StringOrEmpty());
  }
  return labels;
}

std::string NameOf(JsonValue object) {
  return object["metadata"]["name"].StringOrEmpty();
}

std::string UidOf(JsonValue object) {
  return object["metadata"]["uid"].StringOrEmpty();
}

std::string OwnerUidOf(JsonValue object) {
  const std::vector<JsonValue> owners =
      object["metadata"]["ownerReferences"].elements();
  return owners.empty() ? "" : owners.front()["uid"].StringOrEmpty();
}

}  // namespace

std::string LabelOf(JsonValue object, absl::string_view key) {
  return object["metadata"]["labels"][key].StringOrEmpty();
}

std::string AnnotationOf(JsonValue object, absl::string_view key) {
  return object["metadata"]["annotations"][key].StringOrEmpty();
}

absl::Time ApiTime(absl::string_view text) {
  absl::Time time;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, text, &time, &error)
             ? time
             : absl::InfinitePast();
}

std::string ApiTimeText(absl::Time time) {
  if (time == absl::InfinitePast()) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

const Condition* PrepullStatus::Find(absl::string_view type) const {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(),
                   [type](const Condition& each) { return each.type == type; });
  return found != conditions.end() ? &*found : nullptr;
}

NodeView ViewOfNode(JsonValue object) {
  const JsonValue ready = ConditionOf(object, "Ready");
  const JsonValue system = object["status"]["nodeInfo"];
  NodeView node = {
      .labels = LabelsOf(object),
      .os = system["operatingSystem"].StringOrEmpty(),
      .runtime = system["containerRuntimeVersion"].StringOrEmpty(),
      .is_ready = ready["status"].StringOrEmpty() == "True",
      .ready_changed = ApiTime(ready["lastTransitionTime"].StringOrEmpty()),
      .is_cordoned = object["spec"]["unschedulable"].boolean().value_or(false)};
  if (!node.is_ready) node.why_not_ready = WordsOf(ready);
  return node;
}

JobView ViewOfJob(JsonValue object) {
  JobView job = {
      .name = NameOf(object),
      .uid = UidOf(object),
      .prepull = LabelOf(object, kPrepullLabel),
      .node = AnnotationOf(object, kNodeAnnotation),
      .list_hash = AnnotationOf(object, kListAnnotation),
      .task = AnnotationOf(object, kTaskAnnotation),
      .created =
          ApiTime(object["metadata"]["creationTimestamp"].StringOrEmpty()),
      .is_deleting = object["metadata"]["deletionTimestamp"].exists(),
      .sight = SightOfJob(object)};
  if (!absl::SimpleAtoi(AnnotationOf(object, kRoundAnnotation), &job.round)) {
    job.round = 0;
  }
  return job;
}

PodView ViewOfPod(JsonValue object) {
  const JsonValue metadata = object["metadata"];
  PodView pod = {
      .prepull = LabelOf(object, kPrepullLabel),
      .job_uid = LabelOf(object, "batch.kubernetes.io/controller-uid"),
      .created = ApiTime(metadata["creationTimestamp"].StringOrEmpty()),
      .ended_at = EndOf(WorkContainer(object))["finishedAt"].StringOrEmpty(),
      .sight = SightOfPod(object)};
  if (metadata["deletionTimestamp"].exists()) {
    pod.due = ApiTime(metadata["deletionTimestamp"].StringOrEmpty());
  }
  return pod;
}

PrepullView ViewOfPrepull(JsonValue object) {
  return {.name = NameOf(object),
          .uid = UidOf(object),
          .generation = object["metadata"]["generation"].integer().value_or(0),
          .is_deleting = object["metadata"]["deletionTimestamp"].exists(),
          .retry_at = AnnotationOf(object, kRetryAnnotation),
          .spec = ParsePrepullSpec(object["spec"]),
          .status = StatusOf(object)};
}

ListView ViewOfList(JsonValue object) {
  return {.prepull = LabelOf(object, kPrepullLabel),
          .owner_uid = OwnerUidOf(object),
          .hash = AnnotationOf(object, kListAnnotation),
          .inputs = AnnotationOf(object, kInputsAnnotation),
          .text = object["data"][kListDataKey].StringOrEmpty()};
}

ShardView ViewOfShard(JsonValue object) {
  ShardView shard = {
      .name = NameOf(object),
      .prepull = LabelOf(object, kPrepullLabel),
      .owner_uid = OwnerUidOf(object),
      .version = object["metadata"]["resourceVersion"].StringOrEmpty()};
  for (const auto& [node, text] : object["data"].members()) {
    absl::StatusOr<NodeRecord> record = ParseRecord(text.StringOrEmpty());
    // An unreadable one still has its place: it is replaced, not doubled.
    shard.records.emplace(std::string(node),
                          record.ok() ? *std::move(record) : NodeRecord());
  }
  return shard;
}

}  // namespace prepull
