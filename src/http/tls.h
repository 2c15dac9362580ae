// TLS: trusted certificates, and errors of verification.
#ifndef PREPULL_SRC_HTTP_TLS_H_
#define PREPULL_SRC_HTTP_TLS_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"

namespace prepull {

// Whom a connection trusts, and who it is itself.
struct TlsTrust {
  std::vector<CaFile> authorities = {};
  bool accepts_any_certificate = false;
  std::optional<ClientCertificate> client = std::nullopt;

  friend bool operator==(const TlsTrust&, const TlsTrust&) = default;
};

// The certificates, shared by any number of connections.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Returns a context for TLS 1.2 or later with this trust. Takes tens of
// milliseconds for the system's file. Errors: INVALID_ARGUMENT  names a file
// without certificates, or says what is wrong with the client's.
absl::StatusOr<TlsContext> MakeTlsContext(const TlsTrust& trust);

// Requires a certificate for `host`, a name or an address, from the peer of
// `tls`.
absl::Status ExpectHost(SSL* tls, const std::string& host);

// Returns why the peer's certificate was rejected, or "" if the handshake
// failed for another reason.
std::string CertificateError(const SSL* tls);

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_TLS_H_
