// What TLS means here: who is trusted, and what is said of who is not.
#ifndef PREPULL_SRC_HTTP_TLS_H_
#define PREPULL_SRC_HTTP_TLS_H_

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// TLS 1.2 or later, with peers whose certificate leads to one in `ca_pem`.
// Errors: INVALID_ARGUMENT  there is none in it.
absl::StatusOr<boost::asio::ssl::context> MakeTlsContext(
    const std::string& ca_pem);

// Asks the peer of `tls` for a certificate made out to `host`, a name or an
// address.
absl::Status ExpectHost(SSL* tls, const std::string& host);

// What is wrong with the peer's certificate; empty if that is not why the
// handshake failed.
std::string CertificateComplaint(const SSL* tls);

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_TLS_H_
