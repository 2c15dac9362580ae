// Which API server there is, and as whom it is asked.
//
// Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
#ifndef PREPULL_KUBE_API_SERVER_H_
#define PREPULL_KUBE_API_SERVER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"

namespace prepull {

// A text as it is, or that of a file, which is read each time: others replace
// it.
struct KubeText {
  std::string place = "";  // the file, or where `text` was; "" = there is none
  std::optional<std::string> text = std::nullopt;  // nothing: of the file

  bool is_set() const { return !place.empty(); }
};

struct ApiServer {
  std::string url = "";          // without "/" at its end
  KubeText ca = {};              // PEM; without it the system's are trusted
  std::string server_name = "";  // in its certificate; "" = as in `url`
  KubeText token = {};
  KubeText certificate = {};  // the client's, PEM
  KubeText key = {};          // of that, PEM
};

// Returns the API server that a pod's environment names, for the service
// account whose `token` and `ca.crt` the kubelet puts into that folder. Errors:
// NOT_FOUND  it names none.
absl::StatusOr<ApiServer> FindApiServer(const Host& host,
                                        const std::string& service_account_dir);

// Returns that server for that service account.
ApiServer ServerForAccount(std::string url,
                           const std::string& service_account_dir);

// Returns the pod's own namespace. Errors: INVALID_ARGUMENT  the file has no
// name of a namespace; others as errno says.
absl::StatusOr<std::string> ReadNamespace(
    const std::string& service_account_dir, FileSystem& files);

}  // namespace prepull

#endif  // PREPULL_KUBE_API_SERVER_H_
