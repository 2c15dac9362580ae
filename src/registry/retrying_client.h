// Sends requests with the options for registries (certificates, proxies,
// deadline), and again if the server is busy or unreachable.
//
// After a 429, a 5xx or a failed connection the request is repeated, after the
// time that the server names (Retry-After) or a pause that doubles, as often as
// the caller allows and never past the deadline. A server that ran into the
// idle timeout gets twice that from then on, since it may only be slow.
// Threads: safe to share.
#ifndef PREPULL_SRC_REGISTRY_RETRYING_CLIENT_H_
#define PREPULL_SRC_REGISTRY_RETRYING_CLIENT_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/mutex.h"
#include "prepull/base/random.h"
#include "prepull/http/http_client.h"
#include "prepull/registry/registry_client.h"
#include "src/registry/place.h"

namespace prepull {

class RetryingClient {
 public:
  // All must outlive the client.
  RetryingClient(const RegistryOptions& options, HttpClient& http, Clock& clock,
                 RollDice roll_dice);

  // Returns the response of the last of at most as many tries as `place` has,
  // whatever its status, of a server that is trusted as `place` says. A request
  // with a sink is repeated only while the sink has received nothing.
  // Errors: as HttpClient::Send; those of an unreachable server are passing.
  absl::StatusOr<HttpResponse> Send(HttpRequest request, const Place& place);

  // Sends `request` once. Errors: as Send.
  absl::StatusOr<HttpResponse> SendOnce(HttpRequest request,
                                        const Place& place);

  // Callers with other work repeat themselves after that, see PauseForAll.
  static constexpr int kMaxTries = 3;

  // Pauses after try `tries`, from 1. Errors: CANCELLED; DEADLINE_EXCEEDED  the
  // deadline is before the end of the pause.
  absl::Status Pause(int tries, absl::Duration at_least);

  // Pauses before everything that failed is requested again, until the latest
  // Retry-After of any server. The first pause that leaves too little time for
  // another try is shortened: the last try is half a minute before the
  // deadline, or halfway if that is later. Errors: as Pause.
  absl::Status PauseForAll(int tries);

  // Whether the server could not be reached or did not respond in time.
  static bool IsUnreachable(const absl::Status& status);

 private:
  absl::Duration IdleTimeout(const std::string& server);
  void RaiseIdleTimeout(const std::string& server, absl::Duration expired);

  absl::Duration PauseAfter(int tries);
  absl::Status WaitUntil(Instant until);

  const RegistryOptions& options_;
  HttpClient& http_;
  Clock& clock_;

  Mutex mutex_;
  RollDice roll_dice_ ABSL_GUARDED_BY(mutex_);
  // The latest Retry-After of any server.
  Instant retry_at_ ABSL_GUARDED_BY(mutex_);
  bool had_last_try_ ABSL_GUARDED_BY(mutex_) = false;
  // By origin, of the servers that were too slow for the usual timeout.
  std::map<std::string, absl::Duration> idle_timeouts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_RETRYING_CLIENT_H_
