// What TLS means here: who is trusted, and what is said of who is not.
#ifndef PREPULL_SRC_HTTP_TLS_H_
#define PREPULL_SRC_HTTP_TLS_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// A file of certificates that was read.
struct CaFile {
  std::string path = "";
  std::string pem = "";

  friend bool operator==(const CaFile&, const CaFile&) = default;
};

// Whom connections trust; any number of them at once.
using Trust = std::shared_ptr<boost::asio::ssl::context>;

// TLS 1.2 or later, with peers whose certificate leads to one in `files`.
// Takes tens of milliseconds for a system's. Errors: INVALID_ARGUMENT  one
// holds no certificate; names it.
absl::StatusOr<Trust> MakeTrust(const std::vector<CaFile>& files);

// Asks the peer of `tls` for a certificate made out to `host`, a name or an
// address.
absl::Status ExpectHost(SSL* tls, const std::string& host);

// What is wrong with the peer's certificate; empty if that is not why the
// handshake failed.
std::string CertificateComplaint(const SSL* tls);

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_TLS_H_
