// Patches one label of a Node through the API server, as the pod's service
// account.
//
// Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
#ifndef PREPULL_SRC_KUBE_NODE_PATCH_H_
#define PREPULL_SRC_KUBE_NODE_PATCH_H_

#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/base/random.h"
#include "prepull/http/http_client.h"

namespace prepull {

struct NodeLabelPatch {
  std::string node = "";
  std::string key = "";
  std::string value = "";
};

struct ApiServer {
  std::string url = "";  // without a path
  // Where the kubelet puts `token` and `ca.crt`.
  std::string service_account_dir = "";
};

// Returns the API server that the pod's environment names, without the service
// account's folder. Errors: NOT_FOUND  it names none.
absl::StatusOr<ApiServer> FindApiServer(const Host& host);

struct PatchContext {
  HttpClient& http;
  FileSystem& files;
  Clock& clock;
  RollDice roll_dice;
};

// Sends the patch; blocks for at most 10 s, or 2 s from the moment `stop` is
// requested, which may have been before. Retries errors that may pass, and
// reads the token again for each try. Errors: that of the last try, without
// the token.
absl::Status PatchNodeLabel(const NodeLabelPatch& patch,
                            const ApiServer& server,
                            const PatchContext& context,
                            const std::stop_token& stop);

}  // namespace prepull

#endif  // PREPULL_SRC_KUBE_NODE_PATCH_H_
