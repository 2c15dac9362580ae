// Resolves a host's addresses on a detached thread.
//
// getaddrinfo(3) cannot be interrupted and may take half a minute without a
// name server. Asio's own resolver is waited for when its io_context ends, and
// would delay a process that was told to stop. The detached thread uses only
// what it shares with its Lookup.
#ifndef PREPULL_SRC_HTTP_NAME_LOOKUP_H_
#define PREPULL_SRC_HTTP_NAME_LOOKUP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace prepull {

// Returns the addresses of `host` as text, best first. Blocks. Errors:
// UNAVAILABLE.
using ResolveHost =
    std::function<absl::StatusOr<std::vector<std::string>>(std::string host)>;

// Calls getaddrinfo(3).
absl::StatusOr<std::vector<std::string>> SystemResolveHost(
    const std::string& host);

// One running lookup.
class Lookup {
 public:
  using Done =
      std::function<void(absl::StatusOr<std::vector<std::string>> addresses)>;

  // Calls `done` on the other thread, unless this object is destroyed first.
  // The destructor waits while `done` runs.
  Lookup(const ResolveHost& resolve_host, const std::string& host, Done done);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  struct Shared;

  std::shared_ptr<Shared> shared_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_NAME_LOOKUP_H_
