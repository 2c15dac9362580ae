#include "prepull/deploy/prepull_object.h"

#include <utility>

#include "src/deploy/yaml.h"

namespace prepull {
namespace {

Yaml Expressions(const std::vector<LabelSelector::Expression>& expressions) {
  Yaml list = Yaml::List();
  for (const LabelSelector::Expression& each : expressions) {
    Yaml item;
    item.Add("key", each.key).Add("operator", each.op);
    if (!each.values.empty()) item.Add("values", Yaml::Texts(each.values));
    list.Append(std::move(item));
  }
  return list;
}

Yaml Selector(const LabelSelector& selector) {
  Yaml yaml;
  if (!selector.labels.empty()) {
    Yaml labels;
    for (const Label& each : selector.labels) labels.Add(each.key, each.value);
    yaml.Add("matchLabels", std::move(labels));
  }
  if (!selector.expressions.empty()) {
    yaml.Add("matchExpressions", Expressions(selector.expressions));
  }
  return yaml;
}

Yaml Parts(const std::vector<PartOverride>& parts) {
  Yaml list = Yaml::List();
  for (const PartOverride& each : parts) {
    Yaml part;
    part.Add("component", each.component).Add("operator", each.op);
    if (!each.value.empty()) part.Add("value", each.value);
    list.Append(std::move(part));
  }
  return list;
}

Yaml Overrides(const std::vector<NodeOverride>& overrides) {
  Yaml list = Yaml::List();
  for (const NodeOverride& each : overrides) {
    Yaml item;
    item.Add("labelSelector", Selector(each.nodes));
    if (!each.images.empty()) item.Add("images", Parts(each.images));
    if (!each.secrets.empty()) item.Add("secrets", Parts(each.secrets));
    list.Append(std::move(item));
  }
  return list;
}

Yaml PrepullMetadata(const PrepullObject& object) {
  Yaml metadata;
  metadata.Add("name", object.name).Add("namespace", object.name_space);
  if (object.labels.empty()) return metadata;
  Yaml labels;
  for (const Label& each : object.labels) labels.Add(each.key, each.value);
  return metadata.Add("labels", std::move(labels));
}

Yaml PrepullSpec(const PrepullObject& object) {
  Yaml spec;
  spec.Add("images", Yaml::Texts(object.images));
  const auto add_texts = [&spec](const char* key,
                                 const std::vector<std::string>& texts) {
    if (!texts.empty()) spec.Add(key, Yaml::Texts(texts));
  };
  const auto add_number = [&spec](const char* key,
                                  const std::optional<int64_t>& number) {
    if (number) spec.Add(key, Yaml::Number(*number));
  };
  add_texts("nodeNames", object.node_names);
  if (object.nodes) spec.Add("labelSelector", Selector(*object.nodes));
  add_number("concurrency", object.concurrency);
  if (!object.failure_tolerate.empty()) {
    spec.Add("failureTolerate", object.failure_tolerate);
  }
  add_number("timeoutSeconds", object.timeout_seconds);
  add_number("retryTimes", object.retry_times);
  add_texts("checkItems", object.check_items);
  add_texts("imageSecrets", object.image_secrets);
  if (!object.overrides.empty()) {
    spec.Add("overrides", Overrides(object.overrides));
  }
  return spec;
}

}  // namespace

std::string RenderPrepull(const PrepullObject& object) {
  return Yaml()
      .Add("apiVersion", "prepull.dev/v1alpha1")
      .Add("kind", "Prepull")
      .Add("metadata", PrepullMetadata(object))
      .Add("spec", PrepullSpec(object))
      .Document();
}

}  // namespace prepull
