// Asks the Kubernetes API server, as the service account of a pod.
//
// What may pass is tried again until the caller's deadline: no connection, 409,
// 429 and 5xx, after the server's Retry-After or a growing delay with jitter. A
// try has 4 s. The token is read for each try and the CA file for each
// connection, because the kubelet replaces both. No proxy is used and no
// redirect is followed.
//
// Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
#ifndef PREPULL_KUBE_KUBE_CLIENT_H_
#define PREPULL_KUBE_KUBE_CLIENT_H_

#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/base/random.h"
#include "prepull/http/http_client.h"
#include "prepull/kube/kube_object.h"

namespace prepull {

struct ApiServer {
  std::string url = "";  // without a path
  // Where the kubelet puts `token`, `ca.crt` and `namespace`.
  std::string service_account_dir = "";
};

// Returns the API server that the pod's environment names, without the service
// account's folder. Errors: NOT_FOUND  it names none.
absl::StatusOr<ApiServer> FindApiServer(const Host& host);

// Returns the pod's own namespace. Errors: INVALID_ARGUMENT  the file has no
// name of a namespace; others as errno says.
absl::StatusOr<std::string> ReadNamespace(
    const std::string& service_account_dir, FileSystem& files);

// How one call goes about its work.
struct KubeCall {
  std::string purpose = "";          // in the debug log: "node label"
  Instant until = Instant::Never();  // for all tries together
  std::stop_token stop = {};
  // From the moment `stop` is requested, which may have been before; then
  // `until` counts no more. 0 = the call ends at once.
  absl::Duration after_stop = absl::ZeroDuration();
};

// Threads: of one thread.
class KubeClient {
 public:
  // All of it must outlive the client.
  struct Seams {
    HttpClient& http;
    FileSystem& files;
    Clock& clock;
    RollDice roll_dice;
  };

  KubeClient(ApiServer server, Seams seams);

  // Changes the keys of `object` that the JSON object `patch` has, and no
  // others (RFC 7396). Errors are those of the last try, without the token:
  //   UNAUTHENTICATED     401, also for the token that was there a try later
  //   PERMISSION_DENIED   403; says what the service account needs
  //   NOT_FOUND           404; says what is missing
  //   UNAVAILABLE         any other answer
  //   CANCELLED           `stop` was requested, and there is no time after it
  //   others              those of HttpClient; there is no usable token
  absl::Status MergePatch(const KubeObject& object, std::string patch,
                          const KubeCall& call);

  // Makes `object` what the JSON object `intent` says, creating it if need be:
  // keys of an earlier intent that are missing now are removed, those of others
  // stay, and where both differ ours counts. Errors: as MergePatch.
  // Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
  absl::Status Apply(const KubeObject& object, std::string intent,
                     const KubeCall& call);

 private:
  const ApiServer server_;
  const Seams seams_;
};

}  // namespace prepull

#endif  // PREPULL_KUBE_KUBE_CLIENT_H_
