// What a test lets go wrong between a client and the fake API server.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_KUBERNETES_FAULT_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_KUBERNETES_FAULT_H_

#include <list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "test/support/kubernetes_api/api_request.h"

namespace prepull {

struct KubernetesFault {
  enum class Kind {
    kNone,
    kRefuse,       // an answer with `http_status` and `retry_after`
    kLoseRequest,  // the connection breaks before anything is done
    kLoseAnswer,   // it is done, and the connection breaks
    kSlow,         // the answer comes after `delay`

    // Of watches, once `events` have been sent:
    kCut,         // the connection breaks, after half of the next event if any
    kEnd,         // the server closes it in order
    kErrorEvent,  // ERROR with `http_status`, and the end
    kSilence,     // nothing comes any more, not even an end
    // Of watches, all along:
    kDelay,   // each event comes `delay` late
    kRepeat,  // each event comes twice
  };

  Kind kind = Kind::kNone;
  // Which requests; "" = any. Verbs are get, list, watch, create, patch, apply
  // and delete.
  std::string verb = "";
  std::string resource = "";  // "jobs"
  int skip = 0;               // so many of them before the first
  int times = 1;              // -1 = from then on all

  int http_status = 500;
  absl::Duration retry_after = absl::ZeroDuration();
  absl::Duration delay = absl::Seconds(1);
  int events = 0;
};

// Those that are still to come. Threads: of one at a time.
class KubernetesFaults {
 public:
  void Add(KubernetesFault fault) { faults_.push_back(std::move(fault)); }
  void Clear() { faults_.clear(); }

  // Returns what is to happen to the request, and counts it.
  KubernetesFault Take(const ApiRequest& request);

 private:
  std::list<KubernetesFault> faults_;
};

// The answer of kRefuse.
HttpResponse Refusal(const KubernetesFault& fault);

// "cut" and so on, for those who have no enumerators; kNone for another word.
KubernetesFault::Kind FaultKindOf(absl::string_view word);

// What an error of that status is called: 410 is "Expired".
absl::string_view ReasonOf(int http_status);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_KUBERNETES_FAULT_H_
