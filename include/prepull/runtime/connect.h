// Connects to the runtime that the flags and the environment name.
#ifndef PREPULL_RUNTIME_CONNECT_H_
#define PREPULL_RUNTIME_CONNECT_H_

#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/base/clock.h"
#include "prepull/base/host.h"
#include "prepull/runtime/socket_discovery.h"

namespace prepull {

// Which socket --cri-socket and CONTAINER_RUNTIME_ENDPOINT name.
class RuntimeSockets {
 public:
  // `flag`: the value of --cri-socket; "" = it is not given, then the variable
  // counts, and without both the known sockets. Errors: INVALID_ARGUMENT
  // names the flag or the variable.
  static absl::StatusOr<RuntimeSockets> Parse(const std::string& flag,
                                              const Host& host);

  // Connects within 10 s and before `until`, and logs to which runtime.
  // Errors: as FindRuntime.
  absl::StatusOr<FoundRuntime> Connect(Clock& clock,
                                       const std::stop_token& stop,
                                       Instant until = Instant::Never()) const;

  // Returns what to try after UNAVAILABLE: "\nhint: ...".
  std::string Hint() const;

 private:
  std::vector<std::string> paths_;
  bool is_named_ = false;
};

// Whether `error` is that of a runtime that cannot be reached, rather than one
// that cannot answer.
bool IsUnreachable(const absl::Status& error);

}  // namespace prepull

#endif  // PREPULL_RUNTIME_CONNECT_H_
