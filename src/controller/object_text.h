// Texts of the smaller objects that the controller makes. Pure.
#ifndef PREPULL_SRC_CONTROLLER_OBJECT_TEXT_H_
#define PREPULL_SRC_CONTROLLER_OBJECT_TEXT_H_

#include <map>
#include <string>

#include "absl/time/time.h"
#include "src/controller/views.h"

namespace prepull {

// A ConfigMap that belongs to a Prepull.
struct ConfigMapFacts {
  std::string name = "";
  std::string name_space = "";
  std::string prepull = "";
  std::string prepull_uid = "";
  std::string kind = "";       // kListKind or kResultsKind
  std::string list_hash = "";  // of a list, with what follows
  std::string inputs = "";
  std::map<std::string, std::string> data = {};
};

// A list is immutable: no pod ever has another than the one its Job names.
std::string ConfigMapText(const ConfigMapFacts& facts);

// Something that happened to a Prepull, for `kubectl describe`.
struct PrepullEvent {
  bool is_warning = false;
  std::string reason = "";  // "NodeFailed"
  std::string message = "";
};

// `name` must be new.
std::string EventText(const std::string& name, const std::string& name_space,
                      const PrepullView& prepull, const PrepullEvent& event,
                      absl::Time now);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_OBJECT_TEXT_H_
