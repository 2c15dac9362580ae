// Names what the API server is asked for: one object, or all of a kind. Pure.
//
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
#ifndef PREPULL_KUBE_KUBE_OBJECT_H_
#define PREPULL_KUBE_KUBE_OBJECT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

// In a page of a list.
inline constexpr int kObjectsPerPage = 500;

// Names one object of the API.
struct KubeObject {
  std::string group_version = "v1";   // "batch/v1"
  std::string resource = "";          // "configmaps"
  std::string object_namespace = "";  // "" = it belongs to the cluster
  std::string name = "";
  std::string subresource = "";  // "status"
  // What an answer 404 means for people; "" = that there is no such object.
  std::string if_missing = "";
};

// Names the objects of one kind, in one namespace or in the cluster.
struct KubeCollection {
  std::string group_version = "v1";
  std::string resource = "";
  std::string object_namespace = "";  // "" = all of the cluster
  std::string label_selector = "";    // "app=prepull,!done"
  std::string field_selector = "";    // "metadata.name=w7"
};

// "/api/v1/namespaces/team/configmaps/result"
std::string PathOf(const KubeObject& object);
std::string PathOf(const KubeCollection& collection);

// Returns the selectors as "&labelSelector=...", or "".
std::string SelectorsOf(const KubeCollection& collection);

// As kubectl calls it: configmaps "x" in namespace y.
std::string NameOf(const KubeObject& object);

// Returns the permission for people; `verb` is quoted: "\"patch\" on
// \"configmaps/x\" in namespace y". Roles name objects; what belongs to the
// cluster is granted as a whole.
std::string RightTo(absl::string_view verb, const KubeObject& object);
std::string RightTo(absl::string_view verb, const KubeCollection& collection);

}  // namespace prepull

#endif  // PREPULL_KUBE_KUBE_OBJECT_H_
