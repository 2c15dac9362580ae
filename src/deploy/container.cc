#include "src/deploy/container.h"

#include <utility>

#include "absl/strings/str_replace.h"

namespace prepull {
namespace {

Yaml AmountsMap(const Amounts& amounts) {
  Yaml map;
  if (!amounts.cpu.empty()) map.Add("cpu", amounts.cpu);
  if (!amounts.memory.empty()) map.Add("memory", amounts.memory);
  return map;
}

}  // namespace

Yaml SuperPrivilegedType() { return Yaml().Add("type", "spc_t"); }

Yaml Confinement(const std::vector<std::string>& added_capabilities) {
  Yaml capabilities;
  capabilities.Add("drop", Yaml::Texts({"ALL"}));
  if (!added_capabilities.empty()) {
    capabilities.Add("add", Yaml::Texts(added_capabilities));
  }
  return Yaml()
      .Add("allowPrivilegeEscalation", Yaml::Bool(false))
      .Add("readOnlyRootFilesystem", Yaml::Bool(true))
      .Add("capabilities", std::move(capabilities));
}

Yaml PodSecurity() {
  return Yaml().Add("seccompProfile", Yaml().Add("type", "RuntimeDefault"));
}

Yaml Resources(const Amounts& requests, const Amounts& limits) {
  Yaml resources;
  const Yaml wanted = AmountsMap(requests);
  const Yaml most = AmountsMap(limits);
  if (!wanted.empty()) resources.Add("requests", wanted);
  if (!most.empty()) resources.Add("limits", most);
  return resources;
}

std::string Literal(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"$", "$$"}});
}

}  // namespace prepull
