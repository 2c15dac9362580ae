#include "test/support/kubernetes_api/job_sight.h"

#include <boost/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "test/support/kubernetes_api/api_rules.h"

namespace prepull {
namespace {

namespace json = boost::json;

constexpr char kPod[] = "/spec/template/spec";

json::value JsonOf(absl::string_view text) {
  return json::parse({text.data(), text.size()});
}

std::optional<int64_t> NumberAt(const json::value& object,
                                absl::string_view pointer) {
  const json::value* found = FindJson(object, pointer);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  return found->get_int64();
}

std::optional<absl::Duration> SecondsAt(const json::value& object,
                                        absl::string_view pointer) {
  const std::optional<int64_t> seconds = NumberAt(object, pointer);
  if (!seconds) return std::nullopt;
  return absl::Seconds(*seconds);
}

// The elements of an array, or none.
const json::array& ElementsAt(const json::value& object,
                              absl::string_view pointer) {
  static const json::array kNone;
  const json::value* found = FindJson(object, pointer);
  return found == nullptr || !found->is_array() ? kNone : found->get_array();
}

PodFailureRule ReadRule(const json::value& rule) {
  PodFailureRule read = {
      .action = JsonText(rule, "/action"),
      .condition = JsonText(rule, "/onPodConditions/0/type"),
      .container = JsonText(rule, "/onExitCodes/containerName"),
      .is_in = JsonText(rule, "/onExitCodes/operator") == "In"};
  for (const json::value& code : ElementsAt(rule, "/onExitCodes/values")) {
    read.codes.insert(static_cast<int>(code.as_int64()));
  }
  return read;
}

json::array TaintsWithout(const json::value& node, absl::string_view key) {
  json::array taints;
  for (const json::value& taint : ElementsAt(node, "/spec/taints")) {
    if (JsonText(taint, "/key") != key) taints.push_back(taint);
  }
  return taints;
}

}  // namespace

JobSpecSight ReadJobSpec(absl::string_view text) {
  const json::value job = JsonOf(text);
  const auto pod = [](absl::string_view path) {
    return absl::StrCat(kPod, path);
  };
  JobSpecSight sight = {
      .name = JsonText(job, "/metadata/name"),
      .name_space = JsonText(job, "/metadata/namespace"),
      .uid = JsonText(job, "/metadata/uid"),
      .node =
          JsonText(job, pod("/affinity/nodeAffinity/"
                            "requiredDuringSchedulingIgnoredDuringExecution/"
                            "nodeSelectorTerms/0/matchFields/0/values/0")),
      .list_hash = JsonText(job, "/metadata/annotations/prepull.dev~1list"),
      .container = JsonText(job, pod("/containers/0/name")),
      .image = JsonText(job, pod("/containers/0/image")),
      .backoff_limit = NumberAt(job, "/spec/backoffLimit").value_or(6),
      .deadline = SecondsAt(job, "/spec/activeDeadlineSeconds"),
      .pod_deadline = SecondsAt(job, pod("/activeDeadlineSeconds"))};
  for (const json::value& volume : ElementsAt(job, pod("/volumes"))) {
    const std::string map = JsonText(volume, "/configMap/name");
    if (!map.empty()) sight.list_map = map;
  }
  for (const json::value& rule :
       ElementsAt(job, "/spec/podFailurePolicy/rules")) {
    sight.rules.push_back(ReadRule(rule));
  }
  for (const json::value& each : ElementsAt(job, pod("/tolerations"))) {
    sight.tolerates_all |= JsonText(each, "/operator") == "Exists" &&
                           JsonText(each, "/key").empty() &&
                           JsonText(each, "/effect").empty();
  }
  sight.grace = SecondsAt(job, pod("/terminationGracePeriodSeconds"))
                    .value_or(sight.grace);
  return sight;
}

std::string PodTextOf(absl::string_view text, const std::string& pod_name,
                      const std::string& uid) {
  const json::value job = JsonOf(text);
  json::object metadata;
  if (const json::value* given = FindJson(job, "/spec/template/metadata")) {
    metadata = given->as_object();
  }
  metadata["name"] = pod_name;
  metadata["uid"] = uid;
  metadata["ownerReferences"] =
      json::array{{{"apiVersion", "batch/v1"},
                   {"kind", "Job"},
                   {"name", JsonText(job, "/metadata/name")},
                   {"uid", JsonText(job, "/metadata/uid")},
                   {"controller", true},
                   {"blockOwnerDeletion", true}}};
  const json::object pod = {{"metadata", std::move(metadata)},
                            {"spec", JsonPart(job, kPod)},
                            {"status", {{"phase", "Pending"}}}};
  return json::serialize(pod);
}

size_t CountImages(absl::string_view config_map) {
  if (config_map.empty()) return 0;
  const std::string lines = JsonText(JsonOf(config_map), "/data/images.txt");
  size_t count = 0;
  for (absl::string_view line : absl::StrSplit(lines, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    count += !line.empty() && !absl::StartsWith(line, "#");
  }
  return count;
}

std::string TaintsOf(absl::string_view node) {
  const json::value parsed = JsonOf(node);
  std::string taints;
  for (const json::value& taint : ElementsAt(parsed, "/spec/taints")) {
    if (JsonText(taint, "/effect") == "PreferNoSchedule") continue;
    absl::StrAppend(&taints, taints.empty() ? "" : ", ",
                    JsonText(taint, "/key"), ": ", JsonText(taint, "/value"));
  }
  return taints;
}

std::string UnreachablePatch(absl::string_view node, bool is_unreachable,
                             const std::string& now) {
  constexpr char kKey[] = "node.kubernetes.io/unreachable";
  json::array taints = TaintsWithout(JsonOf(node), kKey);
  if (is_unreachable) {
    for (const char* effect : {"NoSchedule", "NoExecute"}) {
      taints.push_back({{"key", kKey}, {"effect", effect}, {"timeAdded", now}});
    }
  }
  return json::serialize(
      json::object{{"spec", {{"taints", std::move(taints)}}}});
}

std::string CordonPatch(absl::string_view node, bool is_cordoned) {
  constexpr char kKey[] = "node.kubernetes.io/unschedulable";
  json::array taints = TaintsWithout(JsonOf(node), kKey);
  json::object spec = {{"unschedulable", nullptr}};
  if (is_cordoned) {
    taints.push_back({{"key", kKey}, {"effect", "NoSchedule"}});
    spec["unschedulable"] = true;
  }
  spec["taints"] = std::move(taints);
  return json::serialize(json::object{{"spec", std::move(spec)}});
}

}  // namespace prepull
