#include "test/support/kubernetes_api/cluster_texts.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "prepull/base/json_writer.h"

namespace prepull {
namespace {

struct Condition {
  absl::string_view type;
  absl::string_view status;
  absl::string_view reason = "";
  absl::string_view message = "";
};

void WriteCondition(const Condition& condition, absl::Time at,
                    JsonWriter& json) {
  json.OpenObject()
      .String("type", condition.type)
      .String("status", condition.status)
      .String("lastTransitionTime", KubernetesTime(at));
  if (!condition.reason.empty()) json.String("reason", condition.reason);
  if (!condition.message.empty()) json.String("message", condition.message);
  json.CloseObject();
}

void WriteNodeConditions(absl::string_view ready, absl::Time since,
                         absl::Time now, JsonWriter& json) {
  const bool is_ready = ready == "True";
  json.OpenArray("conditions").OpenObject();
  json.String("type", "Ready").String("status", ready);
  json.String("lastHeartbeatTime", KubernetesTime(now));
  json.String("lastTransitionTime", KubernetesTime(since));
  json.String("reason", is_ready ? "KubeletReady" : "NodeStatusUnknown");
  json.String("message", is_ready ? "kubelet is posting ready status"
                                  : "Kubelet stopped posting node status.");
  json.CloseObject().CloseArray();
}

void WriteNodeImages(int count, JsonWriter& json) {
  json.OpenArray("images");
  for (int i = 0; i < count; ++i) {
    json.OpenObject().OpenArray("names");
    json.String("", absl::StrFormat(
                        "registry.example/team/image-%d@sha256:%064x", i, i));
    json.String("",
                absl::StrFormat("registry.example/team/image-%d:1.%d", i, i));
    json.CloseArray().Integer("sizeBytes", 100'000'000 + i).CloseObject();
  }
  json.CloseArray();
}

void WriteTaints(const FakeNode& node, JsonWriter& json) {
  if (node.taints.empty()) return;
  json.OpenArray("taints");
  for (const FakeTaint& taint : node.taints) {
    json.OpenObject().String("key", taint.key);
    if (!taint.value.empty()) json.String("value", taint.value);
    json.String("effect", taint.effect).CloseObject();
  }
  json.CloseArray();
}

// The state of the one container; `write_state` writes what is in it.
template <typename WriteState>
void WriteContainer(const PodFacts& pod, bool is_ready, WriteState write_state,
                    JsonWriter& json) {
  json.OpenArray("containerStatuses").OpenObject();
  json.String("name", pod.container).String("image", pod.image);
  json.Bool("ready", is_ready).Integer("restartCount", 0);
  json.OpenObject("state");
  write_state();
  json.CloseObject().CloseObject().CloseArray();
}

void WritePodConditions(const PodFacts& pod, absl::string_view ready,
                        absl::string_view reason, absl::Time now,
                        JsonWriter& json) {
  for (const absl::string_view type : {"Ready", "ContainersReady"}) {
    WriteCondition({type, ready, reason}, now, json);
  }
  WriteCondition({"Initialized", "True"}, pod.created, json);
  WriteCondition({"PodScheduled", "True"}, pod.created, json);
}

void IntegerOrNull(absl::string_view key, int value, JsonWriter& json) {
  json.Integer(key, value > 0 ? std::optional<int64_t>(value) : std::nullopt);
}

}  // namespace

std::string KubernetesTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string NodeText(const FakeNode& node, absl::Time now) {
  JsonWriter json;
  json.OpenObject().OpenObject("metadata").OpenObject("labels");
  json.String("kubernetes.io/hostname", node.name);
  json.String("kubernetes.io/os", node.os)
      .String("kubernetes.io/arch", "amd64");
  for (const auto& [key, value] : node.labels) json.String(key, value);
  json.CloseObject().CloseObject().OpenObject("spec");
  WriteTaints(node, json);
  json.CloseObject().OpenObject("status");
  WriteNodeConditions("True", now, now, json);
  json.OpenObject("nodeInfo")
      .String("architecture", "amd64")
      .String("containerRuntimeVersion", node.runtime_version)
      .String("kubeletVersion", node.kubelet_version)
      .String("operatingSystem", node.os)
      .CloseObject();
  if (node.images > 0) WriteNodeImages(node.images, json);
  return json.CloseObject().CloseObject().Take();
}

std::string NodeReadyPatch(absl::string_view status, absl::Time since,
                           absl::Time now) {
  JsonWriter json;
  json.OpenObject().OpenObject("status");
  WriteNodeConditions(status, since, now, json);
  return json.CloseObject().CloseObject().Take();
}

std::string UnschedulablePatch(const std::string& why, absl::Time now) {
  JsonWriter json;
  json.OpenObject().OpenObject("status").OpenArray("conditions");
  WriteCondition({"PodScheduled", "False", "Unschedulable", why}, now, json);
  return json.CloseArray().CloseObject().CloseObject().Take();
}

std::string BoundPatch(const std::string& node, absl::Time now) {
  JsonWriter json;
  json.OpenObject().OpenObject("spec").String("nodeName", node).CloseObject();
  json.OpenObject("status").OpenArray("conditions");
  WriteCondition({"PodScheduled", "True"}, now, json);
  return json.CloseArray().CloseObject().CloseObject().Take();
}

std::string WaitingPatch(const PodFacts& pod, const std::string& reason,
                         const std::string& message, absl::Time now) {
  JsonWriter json;
  json.OpenObject().OpenObject("status").String("phase", "Pending");
  json.String("startTime", KubernetesTime(now)).OpenArray("conditions");
  WritePodConditions(pod, "False", "ContainersNotReady", now, json);
  json.CloseArray();
  const auto write_state = [&] {
    json.OpenObject("waiting").String("reason", reason);
    if (!message.empty()) json.String("message", message);
    json.CloseObject();
  };
  WriteContainer(pod, false, write_state, json);
  return json.CloseObject().CloseObject().Take();
}

std::string RunningPatch(const PodFacts& pod, absl::Time now) {
  JsonWriter json;
  json.OpenObject().OpenObject("status").String("phase", "Running");
  json.OpenArray("conditions");
  WritePodConditions(pod, "True", "", now, json);
  json.CloseArray();
  const auto write_state = [&] {
    json.OpenObject("running")
        .String("startedAt", KubernetesTime(now))
        .CloseObject();
  };
  WriteContainer(pod, true, write_state, json);
  return json.CloseObject().CloseObject().Take();
}

std::string EndedPatch(const PodFacts& pod, const ContainerEnd& end,
                       absl::Time now) {
  const bool is_ok = end.is_success();
  JsonWriter json;
  json.OpenObject().OpenObject("status");
  json.String("phase", is_ok ? "Succeeded" : "Failed");
  if (!end.pod_reason.empty()) json.String("reason", end.pod_reason);
  if (!end.pod_message.empty()) json.String("message", end.pod_message);
  json.OpenArray("conditions");
  if (end.is_disruption) {
    WriteCondition({"DisruptionTarget", "True", "DeletionByPodGC"}, now, json);
  }
  WritePodConditions(pod, "False", is_ok ? "PodCompleted" : "PodFailed", now,
                     json);
  json.CloseArray();
  // What it waits for stays.
  if (end.never_ran) return json.CloseObject().CloseObject().Take();
  const auto write_state = [&] {
    const std::string reason = !end.reason.empty()  ? end.reason
                               : end.exit_code == 0 ? "Completed"
                                                    : "Error";
    json.OpenObject("terminated")
        .Integer("exitCode", end.exit_code)
        .String("reason", reason)
        .String("startedAt", KubernetesTime(pod.started))
        .String("finishedAt", KubernetesTime(now));
    if (!end.message.empty()) json.String("message", end.message);
    json.CloseObject();
  };
  WriteContainer(pod, false, write_state, json);
  return json.CloseObject().CloseObject().Take();
}

std::string JobStatusPatch(const JobStatus& status) {
  JsonWriter json;
  json.OpenObject().OpenObject("status");
  json.String("startTime", KubernetesTime(status.started));
  IntegerOrNull("active", status.active, json);
  json.Integer("ready", status.ready);
  IntegerOrNull("succeeded", status.succeeded, json);
  IntegerOrNull("failed", status.failed, json);
  json.Integer("terminating", status.terminating);
  json.OpenObject("uncountedTerminatedPods").CloseObject();
  if (status.is_complete) {
    json.String("completionTime", KubernetesTime(status.conditions.back().at));
  }
  if (!status.conditions.empty()) {
    json.OpenArray("conditions");
    for (const PlayedCondition& each : status.conditions) {
      WriteCondition({each.type, "True", each.reason, each.message}, each.at,
                     json);
    }
    json.CloseArray();
  }
  return json.CloseObject().CloseObject().Take();
}

}  // namespace prepull
