#include "prepull/kube/kube_object.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/http/url.h"

namespace prepull {
namespace {

std::string InNamespace(const std::string& name) {
  return name.empty() ? "" : absl::StrCat(" in namespace ", name);
}

}  // namespace

std::string PathOf(const KubeCollection& collection) {
  const bool is_core = !absl::StrContains(collection.group_version, '/');
  std::string path =
      absl::StrCat(is_core ? "/api/" : "/apis/", collection.group_version);
  if (!collection.object_namespace.empty()) {
    absl::StrAppend(&path, "/namespaces/",
                    PercentEncoded(collection.object_namespace));
  }
  return absl::StrCat(path, "/", collection.resource);
}

std::string PathOf(const KubeObject& object) {
  const KubeCollection among = {.group_version = object.group_version,
                                .resource = object.resource,
                                .object_namespace = object.object_namespace};
  std::string path =
      absl::StrCat(PathOf(among), "/", PercentEncoded(object.name));
  if (!object.subresource.empty()) {
    absl::StrAppend(&path, "/", object.subresource);
  }
  return path;
}

std::string SelectorsOf(const KubeCollection& collection) {
  std::string text;
  if (!collection.label_selector.empty()) {
    absl::StrAppend(
        &text, "&labelSelector=", PercentEncoded(collection.label_selector));
  }
  if (!collection.field_selector.empty()) {
    absl::StrAppend(
        &text, "&fieldSelector=", PercentEncoded(collection.field_selector));
  }
  return text;
}

std::string NameOf(const KubeObject& object) {
  return absl::StrCat(object.resource, " \"", object.name, "\"",
                      InNamespace(object.object_namespace));
}

std::string RightTo(absl::string_view verb, const KubeObject& object) {
  std::string on = object.resource;
  if (!object.subresource.empty()) {
    absl::StrAppend(&on, "/", object.subresource);
  } else if (!object.object_namespace.empty()) {
    absl::StrAppend(&on, "/", object.name);
  }
  return absl::StrCat(verb, " on \"", on, "\"",
                      InNamespace(object.object_namespace));
}

std::string RightTo(absl::string_view verb, const KubeCollection& collection) {
  return absl::StrCat(verb, " on \"", collection.resource, "\"",
                      InNamespace(collection.object_namespace));
}

}  // namespace prepull
