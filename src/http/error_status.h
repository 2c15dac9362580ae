// Maps error codes of Asio, Beast and TLS to absl::Status.
#ifndef PREPULL_SRC_HTTP_ERROR_STATUS_H_
#define PREPULL_SRC_HTTP_ERROR_STATUS_H_

#include <boost/system/error_code.hpp>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "src/http/tls.h"

namespace prepull {

constexpr uint32_t kMaxHeaderBytes = 64 << 10;

// Returns the status for `error`, which is not OK, of doing `what`.
absl::Status ToStatus(const boost::system::error_code& error,
                      absl::string_view what);

// Returns the status for `error`, which is not OK, of the handshake of `tls`.
absl::Status HandshakeStatus(const boost::system::error_code& error,
                             const SSL* tls);

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_ERROR_STATUS_H_
