// The object Prepull of prepull.dev/v1alpha1: a list, and on which nodes. Pure.
//
// What is not set is not printed, and has the default of the object.
#ifndef PREPULL_DEPLOY_PREPULL_OBJECT_H_
#define PREPULL_DEPLOY_PREPULL_OBJECT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "prepull/deploy/deployment.h"

namespace prepull {

// A selector of Kubernetes: labels and expressions all have to hold.
struct LabelSelector {
  struct Expression {
    std::string key = "";
    std::string op = "";  // In, NotIn, Exists, DoesNotExist
    std::vector<std::string> values = {};
  };

  std::vector<Label> labels = {};
  std::vector<Expression> expressions = {};
};

// How a part of a name is changed: of an image Registry, Repository or Tag, of
// a Secret SecretName.
struct PartOverride {
  std::string component = "";
  std::string op = "";  // replace, add, remove
  std::string value = "";
};

// What is different on some of the nodes.
struct NodeOverride {
  LabelSelector nodes = {};
  std::vector<PartOverride> images = {};
  std::vector<PartOverride> secrets = {};
};

struct PrepullObject {
  std::string name = "";
  std::string name_space = "";
  std::vector<Label> labels = {};

  std::vector<std::string> images = {};  // lines of a list
  std::vector<std::string> node_names = {};
  std::optional<LabelSelector> nodes = std::nullopt;
  std::optional<int64_t> concurrency = std::nullopt;  // nodes at once
  std::string failure_tolerate = "";                  // a share, "0.1"
  std::optional<int64_t> timeout_seconds = std::nullopt;
  std::optional<int64_t> retry_times = std::nullopt;
  std::vector<std::string> check_items = {};
  std::vector<std::string> image_secrets = {};
  std::vector<NodeOverride> overrides = {};
};

// Returns the object as a YAML document.
std::string RenderPrepull(const PrepullObject& object);

}  // namespace prepull

#endif  // PREPULL_DEPLOY_PREPULL_OBJECT_H_
