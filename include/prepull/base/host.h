// What surrounds the process: environment, standard streams, the machine's
// name. A seam, so that commands run in tests without one.
//
// Threads: safe to share.
#ifndef PREPULL_BASE_HOST_H_
#define PREPULL_BASE_HOST_H_

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/clock.h"

namespace prepull {

enum class Stream { kOut, kErr };

struct WindowSize {
  int columns = 80;
  int rows = 24;
};

class Host {
 public:
  virtual ~Host() = default;

  virtual std::optional<std::string> Environment(
      const std::string& name) const = 0;
  virtual std::string HostName() const = 0;

  virtual bool IsTerminal(Stream stream) const = 0;
  // Of the terminal on standard error.
  virtual WindowSize Window() const = 0;

  // Errors: what errno says; a reader that went away is UNAVAILABLE.
  virtual absl::Status Write(Stream stream, absl::string_view text) = 0;

  // Standard input to its end. Errors: INVALID_ARGUMENT  more than
  // `limit_bytes`; CANCELLED  `stop` was requested; DEADLINE_EXCEEDED  not at
  // its end by `until`.
  virtual absl::StatusOr<std::string> ReadInput(
      int64_t limit_bytes, Instant until, const std::stop_token& stop) = 0;
};

class SystemHost : public Host {
 public:
  explicit SystemHost(const Clock& clock) : clock_(clock) {}

  std::optional<std::string> Environment(
      const std::string& name) const override;
  std::string HostName() const override;
  bool IsTerminal(Stream stream) const override;
  WindowSize Window() const override;
  absl::Status Write(Stream stream, absl::string_view text) override;
  absl::StatusOr<std::string> ReadInput(int64_t limit_bytes, Instant until,
                                        const std::stop_token& stop) override;

 private:
  const Clock& clock_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_HOST_H_
