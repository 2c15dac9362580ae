// Puts a label on a Node through the API server, as the pod's service account.
//
// It comes after everything else and so has a deadline of its own: a run that
// used up its time still tells how it ended.
// Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
#ifndef PREPULL_KUBE_NODE_LABELER_H_
#define PREPULL_KUBE_NODE_LABELER_H_

#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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

// The one that the pod's environment names; without a service account's
// folder. Errors: NOT_FOUND  it names none.
absl::StatusOr<ApiServer> FindApiServer(const Host& host);

struct LabelContext {
  HttpClient& http;
  FileSystem& files;
  Clock& clock;
  RollDice roll_dice;
};

// Labels the node within 10 s, or within 2 s from the moment `stop` is
// requested, which may have been before. What may pass is tried again, with the
// token as it is by then. Errors: why the last try failed, without the token.
absl::Status LabelNode(const NodeLabelPatch& patch, const ApiServer& server,
                       const LabelContext& context,
                       const std::stop_token& stop);

}  // namespace prepull

#endif  // PREPULL_KUBE_NODE_LABELER_H_
