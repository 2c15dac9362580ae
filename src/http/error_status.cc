#include "src/http/error_status.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"

namespace prepull {

namespace asio = boost::asio;
namespace http = boost::beast::http;

absl::Status ToStatus(const boost::system::error_code& error,
                      absl::string_view what) {
  if (error == http::error::end_of_stream ||
      error == http::error::partial_message || error == asio::error::eof ||
      error == asio::ssl::error::stream_truncated) {
    return absl::UnavailableError(
        absl::StrCat(what, ": connection closed early"));
  }
  if (error == http::error::header_limit ||
      error == http::error::buffer_overflow) {
    return absl::InvalidArgumentError(absl::StrCat(
        what, ": headers larger than ", kMaxHeaderBytes, " bytes"));
  }
  if (error.category() ==
      make_error_code(http::error::bad_version).category()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": invalid HTTP: ", error.message()));
  }
  const bool is_errno = error.category() == asio::error::get_system_category();
  return absl::UnavailableError(
      absl::StrCat(what, ": ",
                   is_errno ? ErrnoText(error.value())
                            : absl::AsciiStrToLower(error.message())));
}

absl::Status HandshakeStatus(const boost::system::error_code& error,
                             const SSL* tls) {
  const std::string complaint = CertificateError(tls);
  if (!complaint.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("certificate verification failed: ", complaint));
  }
  const absl::Status why = ToStatus(error, "TLS handshake");
  return error.category() == asio::error::get_ssl_category()
             ? absl::FailedPreconditionError(why.message())
             : why;
}

}  // namespace prepull
