// Names what the API server is asked for: one object, or all of a kind.
//
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
#ifndef PREPULL_KUBE_KUBE_OBJECT_H_
#define PREPULL_KUBE_KUBE_OBJECT_H_

#include <string>

namespace prepull {

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

}  // namespace prepull

#endif  // PREPULL_KUBE_KUBE_OBJECT_H_
