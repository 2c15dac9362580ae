#include "test/support/kubernetes_api/kubernetes_fault.h"

#include <array>
#include <utility>

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

}  // namespace

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
