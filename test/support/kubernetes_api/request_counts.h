// How many requests of each kind there were, and how many at once.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_REQUEST_COUNTS_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_REQUEST_COUNTS_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "prepull/base/mutex.h"
#include "test/support/kubernetes_api/api_request.h"

namespace prepull {

// Threads: safe to share.
class RequestCounts {
 public:
  void Enter(const ApiRequest& request) {
    MutexLock lock(mutex_);
    if (!request.verb.empty()) {
      ++counts_[absl::StrCat(request.verb, " ", request.target())];
    }
    if (request.verb != "watch") most_ = std::max(most_, ++in_flight_);
  }
  void Leave(const ApiRequest& request) {
    MutexLock lock(mutex_);
    if (request.verb != "watch") --in_flight_;
  }

  // By "create jobs".
  std::map<std::string, int64_t> all() const {
    MutexLock lock(mutex_);
    return counts_;
  }
  // At once, watches aside.
  int most() const {
    MutexLock lock(mutex_);
    return most_;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, int64_t> counts_ ABSL_GUARDED_BY(mutex_);
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  int most_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_REQUEST_COUNTS_H_
