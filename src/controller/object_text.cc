#include "src/controller/object_text.h"

#include "prepull/base/json_writer.h"
#include "prepull/base/text.h"
#include "prepull/deploy/node_job.h"

namespace prepull {
namespace {

// The server refuses longer ones.
constexpr size_t kMaxEventMessage = 1000;

void WriteOwner(const ConfigMapFacts& facts, JsonWriter& json) {
  json.OpenArray("ownerReferences")
      .OpenObject()
      .String("apiVersion", "prepull.dev/v1alpha1")
      .String("kind", "Prepull")
      .String("name", facts.prepull)
      .String("uid", facts.prepull_uid)
      .Bool("controller", true)
      .CloseObject()
      .CloseArray();
}

}  // namespace

std::string ConfigMapText(const ConfigMapFacts& facts) {
  const bool is_list = facts.kind == kListKind;
  JsonWriter json;
  json.OpenObject()
      .String("apiVersion", "v1")
      .String("kind", "ConfigMap")
      .OpenObject("metadata")
      .String("name", facts.name)
      .String("namespace", facts.name_space)
      .OpenObject("labels")
      .String("app.kubernetes.io/name", "prepull")
      .String("app.kubernetes.io/managed-by", "prepull")
      .String(kPrepullLabel, facts.prepull)
      .String(kKindLabel, facts.kind)
      .CloseObject();
  if (is_list) {
    json.OpenObject("annotations").String(kListAnnotation, facts.list_hash);
    if (!facts.inputs.empty()) json.String(kInputsAnnotation, facts.inputs);
    json.CloseObject();
  }
  WriteOwner(facts, json);
  json.CloseObject();
  if (is_list) json.Bool("immutable", true);
  json.OpenObject("data");
  for (const auto& [key, text] : facts.data) json.String(key, text);
  return json.CloseObject().CloseObject().Take();
}

std::string EventText(const std::string& name, const std::string& name_space,
                      const PrepullView& prepull, const PrepullEvent& event,
                      absl::Time now) {
  const std::string at = ApiTimeText(now);
  JsonWriter json;
  json.OpenObject()
      .String("apiVersion", "v1")
      .String("kind", "Event")
      .OpenObject("metadata")
      .String("name", name)
      .String("namespace", name_space)
      .CloseObject();
  json.OpenObject("involvedObject")
      .String("apiVersion", "prepull.dev/v1alpha1")
      .String("kind", "Prepull")
      .String("name", prepull.name)
      .String("namespace", name_space)
      .String("uid", prepull.uid)
      .CloseObject();
  json.String("type", event.is_warning ? "Warning" : "Normal")
      .String("reason", event.reason)
      .String("message", Printable(event.message, kMaxEventMessage))
      .OpenObject("source")
      .String("component", "prepull-controller")
      .CloseObject();
  json.String("firstTimestamp", at)
      .String("lastTimestamp", at)
      .Integer("count", 1)
      .String("reportingComponent", "prepull-controller");
  return json.CloseObject().Take();
}

}  // namespace prepull
