#include "test/support/kubernetes_api/kubernetes_fault.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

using Kind = KubernetesFault::Kind;

constexpr std::array<std::pair<absl::string_view, Kind>, 10> kKinds = {
    {{"refuse", Kind::kRefuse},
     {"lose-request", Kind::kLoseRequest},
     {"lose-answer", Kind::kLoseAnswer},
     {"slow", Kind::kSlow},
     {"cut", Kind::kCut},
     {"end", Kind::kEnd},
     {"error-event", Kind::kErrorEvent},
     {"silence", Kind::kSilence},
     {"delay", Kind::kDelay},
     {"repeat", Kind::kRepeat}}};

bool IsOfWatches(Kind kind) { return kind >= Kind::kCut; }

}  // namespace

KubernetesFault KubernetesFaults::Take(const ApiRequest& request) {
  for (KubernetesFault& fault : faults_) {
    const bool fits =
        fault.times != 0 && !request.verb.empty() &&
        (fault.verb.empty() || fault.verb == request.verb) &&
        (fault.resource.empty() || fault.resource == request.target()) &&
        (!IsOfWatches(fault.kind) || request.verb == "watch");
    if (!fits || (fault.skip > 0 && fault.skip-- > 0)) continue;
    if (fault.times > 0) --fault.times;
    return fault;
  }
  return {};
}

HttpResponse Refusal(const KubernetesFault& fault) {
  HttpResponse response =
      StatusAnswer(fault.http_status, ReasonOf(fault.http_status),
                   "the fake API server says so");
  if (fault.retry_after > absl::ZeroDuration()) {
    response.headers.push_back(
        {"Retry-After", absl::StrCat(absl::ToInt64Seconds(fault.retry_after))});
  }
  return response;
}

KubernetesFault::Kind FaultKindOf(absl::string_view word) {
  for (const auto& [name, kind] : kKinds) {
    if (name == word) return kind;
  }
  return Kind::kNone;
}

absl::string_view ReasonOf(int http_status) {
  switch (http_status) {
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "NotFound";
    case 409:
      return "Conflict";
    case 410:
      return "Expired";
    case 429:
      return "TooManyRequests";
    case 503:
      return "ServiceUnavailable";
    case 504:
      return "Timeout";
    default:
      return "InternalError";
  }
}

}  // namespace prepull
