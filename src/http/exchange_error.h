// What is said of an exchange that Asio or Beast could not end.
#ifndef PREPULL_SRC_HTTP_EXCHANGE_ERROR_H_
#define PREPULL_SRC_HTTP_EXCHANGE_ERROR_H_

#include <boost/system/error_code.hpp>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "src/http/tls.h"

namespace prepull {

constexpr uint32_t kLargestHead = 64 << 10;

// `error`, which is not OK, while doing `what`.
absl::Status Explain(const boost::system::error_code& error,
                     absl::string_view what);

// `error`, which is not OK, in the handshake of `tls`.
absl::Status ExplainHandshake(const boost::system::error_code& error,
                              const SSL* tls);

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_EXCHANGE_ERROR_H_
