// What all our containers have.
#ifndef PREPULL_SRC_DEPLOY_CONTAINER_H_
#define PREPULL_SRC_DEPLOY_CONTAINER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/deploy/deployment.h"
#include "src/deploy/yaml.h"

namespace prepull {

// User "nobody", of containers that open no files of the host.
inline constexpr int kNobody = 65534;

// The SELinux type that may use files of the host without a privileged
// container: no other container type may connect to the runtime's socket.
Yaml SuperPrivilegedType();

// Returns a securityContext of a container, without its user.
Yaml Confinement(const std::vector<std::string>& added_capabilities);

// Returns the securityContext of a pod.
Yaml PodSecurity();

Yaml Resources(const Amounts& requests, const Amounts& limits);

// Kubernetes replaces "$(NAME)" by a variable and "$$" by "$" in arguments and
// variables; not in this.
std::string Literal(absl::string_view text);

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_CONTAINER_H_
