#include "prepull/kube/api_server.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/label.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/kube/api_call.h"

namespace prepull {

absl::StatusOr<ApiServer> FindApiServer(
    const Host& host, const std::string& service_account_dir) {
  const auto variable = [&host](const char* name) {
    return host.Environment(name).value_or("");
  };
  std::string name = variable("KUBERNETES_SERVICE_HOST");
  if (name.empty()) {
    return absl::NotFoundError("KUBERNETES_SERVICE_HOST is not set");
  }
  if (absl::StrContains(name, ':')) name = absl::StrCat("[", name, "]");
  std::string port = variable("KUBERNETES_SERVICE_PORT_HTTPS");
  if (port.empty()) port = variable("KUBERNETES_SERVICE_PORT");
  if (port.empty()) port = "443";
  return ServerForAccount(absl::StrCat("https://", name, ":", port),
                          service_account_dir);
}

ApiServer ServerForAccount(std::string url,
                           const std::string& service_account_dir) {
  return {.url = std::move(url),
          .ca = {.place = absl::StrCat(service_account_dir, "/ca.crt")},
          .token = {.place = absl::StrCat(service_account_dir, "/token")}};
}

absl::StatusOr<std::string> ReadNamespace(
    const std::string& service_account_dir, FileSystem& files) {
  const std::string path = absl::StrCat(service_account_dir, "/namespace");
  ASSIGN_OR_RETURN(std::string name, ReadKubeText({.place = path}, files));
  if (IsDnsSubdomain(name)) return name;
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": \"", Printable(name, 64), "\" is no namespace"));
}

}  // namespace prepull
