// Asks the Kubernetes API server, as the service account of a pod or as the
// user of a kubeconfig.
//
// What may pass is tried again until the caller's deadline: no connection, 409,
// 429 and 5xx, after the server's Retry-After or a growing delay with jitter. A
// try has 4 s, that of a list 30. The files of the credentials are read for
// each try, because the kubelet and others replace them. No proxy is used and
// no redirect is followed.
#ifndef PREPULL_KUBE_KUBE_CLIENT_H_
#define PREPULL_KUBE_KUBE_CLIENT_H_

#include <functional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/random.h"
#include "prepull/http/http_client.h"
#include "prepull/kube/api_server.h"
#include "prepull/kube/kube_object.h"
#include "prepull/kube/watch_step.h"

namespace prepull {

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

  // The errors of all calls are those of the last try, without the token:
  //   UNAUTHENTICATED     401, also for the token that was there a try later
  //   PERMISSION_DENIED   403; says what the account needs
  //   NOT_FOUND           404; says what is missing
  //   UNAVAILABLE         any other answer
  //   CANCELLED           `stop` was requested, and there is no time after it
  //   INVALID_ARGUMENT    the answer is not what was asked for
  //   others              those of HttpClient; there are no usable credentials

  absl::StatusOr<JsonDocument> Get(const KubeObject& object,
                                   const KubeCall& call);

  // Returns a page of at most 500 objects; `page` is the text
  // metadata.continue of the one before, or "". Errors, besides: ABORTED  410,
  // `page` has expired: the list begins anew.
  absl::StatusOr<JsonDocument> List(const KubeCollection& collection,
                                    absl::string_view page,
                                    const KubeCall& call);

  // Makes the object that the JSON object `text` says, which has the name in
  // `object`. Errors, besides: ALREADY_EXISTS  there is one of that name, which
  // may be the work of a try whose answer was lost.
  absl::Status Create(const KubeObject& object, std::string text,
                      const KubeCall& call);

  // Deletes the object and, in the background, what belongs to it; that there
  // is none is fine. With `uid` ("" = any) only that bearer of the name.
  // Errors, besides: FAILED_PRECONDITION  the name has another bearer.
  absl::Status Delete(const KubeObject& object, const std::string& uid,
                      const KubeCall& call);

  // Changes the object by the JSON array `patch` (RFC 6902). As it may have
  // been done already, it is not tried again when no answer came or one of 5xx.
  // Errors, besides: FAILED_PRECONDITION  422: a test in it does not hold, or
  // the result is not valid.
  absl::Status JsonPatch(const KubeObject& object, std::string patch,
                         const KubeCall& call);

  // Changes the keys of `object` that the JSON object `patch` has, and no
  // others (RFC 7396).
  absl::Status MergePatch(const KubeObject& object, std::string patch,
                          const KubeCall& call);

  // MergePatch of the object as it was at `version`, which is the text of its
  // metadata.resourceVersion; `patch` has no metadata. Returns the version that
  // it has now. Errors, besides: ABORTED  the object has changed meanwhile,
  // which may be the work of a try whose answer was lost: it is to be read
  // anew. INVALID_ARGUMENT  also: no version, or a patch that is none.
  absl::StatusOr<std::string> ChangeGuarded(const KubeObject& object,
                                            absl::string_view patch,
                                            const std::string& version,
                                            const KubeCall& call);

  // Makes `object` what the JSON object `intent` says, creating it if need be:
  // keys of an earlier intent that are missing now are removed, those of others
  // stay, and where both differ ours counts.
  // Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
  absl::Status Apply(const KubeObject& object, std::string intent,
                     const KubeCall& call);

  // Keeps `step` in agreement with the server until `stop` is requested.
  // `on_news` is called on the caller's thread after all that has arrived, for
  // it to take the changes and the problem; a new problem is a warning in the
  // log.
  void Watch(WatchStep& step, const std::function<void(WatchStep&)>& on_news,
             const std::stop_token& stop);

 private:
  const ApiServer server_;
  const Seams seams_;
};

}  // namespace prepull

#endif  // PREPULL_KUBE_KUBE_CLIENT_H_
