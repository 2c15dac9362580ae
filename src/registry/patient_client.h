// Asks a server again that is busy or out of reach, for a while, and every
// server the way the options say: whom to trust, through which proxy.
//
// A 429, a 5xx, a connection that fails: the same request once more, after
// what the server says (Retry-After) or a pause that doubles, as often as the
// caller wants and never past the deadline.
// Threads: safe to share.
#ifndef PREPULL_REGISTRY_PATIENT_CLIENT_H_
#define PREPULL_REGISTRY_PATIENT_CLIENT_H_

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
  // HttpClient::Send's.
  absl::StatusOr<HttpResponse> Send(HttpRequest request, int tries);

  // Asks once. Errors: as HttpClient::Send's.
  absl::StatusOr<HttpResponse> SendOnce(HttpRequest request);

  static constexpr int kMostTries = 6;

  // The pause before try `next`, from 1. Errors: CANCELLED; DEADLINE_EXCEEDED
  // the deadline comes before its end.
  absl::Status Pause(int next, absl::Duration at_least);

  // Whether trying again may help.
  static bool IsPassing(const absl::Status& status);

 private:
  const RegistryOptions& options_;
  HttpClient& http_;
  Clock& clock_;

  Mutex mutex_;
  RollDice roll_dice_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_REGISTRY_PATIENT_CLIENT_H_
