// Asks a server again that is busy or out of reach, a few times, and every
// server the way the options say: whom to trust, through which proxy.
//
// A 429, a 5xx, a connection that fails: the same request once more, after
// what the server says (Retry-After) or a pause that doubles, as often as the
// caller wants and never past the deadline. A server that let a limit of
// silence pass gets twice that from then on, since it may only be slow.
// Threads: safe to share.
#ifndef PREPULL_SRC_REGISTRY_PATIENT_CLIENT_H_
#define PREPULL_SRC_REGISTRY_PATIENT_CLIENT_H_

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

namespace prepull {

class PatientClient {
 public:
  // All must outlive the client.
  PatientClient(const RegistryOptions& options, HttpClient& http, Clock& clock,
                RollDice roll_dice);

  // The last answer of at most `tries`, whatever its status; a request with a
  // sink is repeated only as long as the sink has got nothing. Errors: as
  // HttpClient::Send's, those of a server that is away marked as passing.
  absl::StatusOr<HttpResponse> Send(HttpRequest request, int tries);

  // Asks once. Errors: as HttpClient::Send's.
  absl::StatusOr<HttpResponse> SendOnce(HttpRequest request);

  // More are for those who have other things to ask meanwhile.
  static constexpr int kMostTries = 3;

  // The pause behind try `tries`, from 1. Errors: CANCELLED; DEADLINE_EXCEEDED
  // the deadline comes before its end.
  absl::Status Pause(int tries, absl::Duration at_least);

  // Such a pause before all that failed is asked for again, and not before
  // any server wants to be asked. The first one that leaves little time for
  // another try is shortened: a last try is made half a minute before the
  // deadline, or halfway if that is later. Errors: as Pause's.
  absl::Status PauseForAll(int tries);

  // Whether the server could not be reached, or gave no answer in time.
  static bool IsAway(const absl::Status& status);

 private:
  // How long `server` may be silent.
  absl::Duration Patience(const std::string& server);
  void BeMorePatient(const std::string& server, absl::Duration than);

  absl::Duration PauseBehind(int tries);
  absl::Status WaitUntil(Instant until);

  const RegistryOptions& options_;
  HttpClient& http_;
  Clock& clock_;

  Mutex mutex_;
  RollDice roll_dice_ ABSL_GUARDED_BY(mutex_);
  // The latest time that a server has named (Retry-After).
  Instant asked_until_ ABSL_GUARDED_BY(mutex_);
  bool had_last_try_ ABSL_GUARDED_BY(mutex_) = false;
  // By scheme and authority, of those that were too slow for the usual limit.
  std::map<std::string, absl::Duration> patience_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_PATIENT_CLIENT_H_
