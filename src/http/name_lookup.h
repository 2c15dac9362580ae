// Looks up a host's addresses on a thread of its own, which may be left
// behind.
//
// getaddrinfo(3) cannot be interrupted and may take half a minute where no
// name server answers. Asio's own resolver would be waited for when its
// io_context ends, and so would hold back a process that was told to stop. So
// the thread is detached: whoever gives up lets go of it, and it ends with the
// process if not before. It touches nothing but what it shares with its
// Lookup.
#ifndef PREPULL_SRC_HTTP_NAME_LOOKUP_H_
#define PREPULL_SRC_HTTP_NAME_LOOKUP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace prepull {

// The addresses of `host` in text, best first. Blocks. Errors: UNAVAILABLE.
using LookUpName =
    std::function<absl::StatusOr<std::vector<std::string>>(std::string host)>;

// By getaddrinfo(3).
absl::StatusOr<std::vector<std::string>> SystemLookUp(const std::string& host);

// One lookup under way.
class Lookup {
 public:
  using Done =
      std::function<void(absl::StatusOr<std::vector<std::string>> addresses)>;

  // Calls `done` on the other thread, unless this is gone by then; this does
  // not go while `done` runs.
  Lookup(const LookUpName& look_up, const std::string& host, Done done);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  struct Shared;

  std::shared_ptr<Shared> shared_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_NAME_LOOKUP_H_
