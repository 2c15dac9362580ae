#include "src/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"

namespace prepull {

namespace ssl = boost::asio::ssl;

namespace {

absl::Status Present(const ClientCertificate& client, ssl::context& context) {
  const auto invalid = [&client](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("client certificate of ", client.place, ": ", why));
  };
  boost::system::error_code error;
  context.use_certificate_chain(boost::asio::buffer(client.certificate), error);
  if (error) return invalid("no PEM certificate found");
  // By default OpenSSL asks at the terminal.
  bool is_encrypted = false;
  context.set_password_callback([&is_encrypted](size_t, auto) {
    is_encrypted = true;
    return std::string();
  });
  context.use_private_key(boost::asio::buffer(client.key), ssl::context::pem,
                          error);
  context.set_password_callback([](size_t, auto) { return std::string(); });
  if (is_encrypted) return invalid("its key is encrypted");
  if (ERR_GET_REASON(static_cast<unsigned long>(error.value())) ==
      X509_R_KEY_VALUES_MISMATCH) {
    return invalid("its key belongs to another");
  }
  return error ? invalid("no PEM key found") : absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsContext> MakeTlsContext(const TlsTrust& trust) {
  // No openssl.cnf: a static program cannot load the modules it names.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  const auto tls_context =
      std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls_context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_verify(
      tls_context->native_handle(),
      trust.accepts_any_certificate ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
      nullptr);
  for (const CaFile& file : trust.authorities) {
    boost::system::error_code error;
    tls_context->add_certificate_authority(boost::asio::buffer(file.pem),
                                           error);
    if (error) {
      return absl::InvalidArgumentError(
          absl::StrCat("CA file ", file.path, ": no PEM certificates found"));
    }
  }
  if (trust.client) RETURN_IF_ERROR(Present(*trust.client, *tls_context));
  return tls_context;
}

absl::Status ExpectHost(SSL* tls, const std::string& host) {
  boost::system::error_code no_address;
  boost::asio::ip::make_address(host, no_address);
  X509_VERIFY_PARAM* expected = SSL_get0_param(tls);
  // As in Go, whose programs read the same CA files: intermediate certificates
  // in the file are trusted, and the common name is ignored.
  X509_VERIFY_PARAM_set_flags(expected, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_hostflags(expected,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool is_set =
      no_address
          ? SSL_set_tlsext_host_name(tls, host.c_str()) == 1 &&
                X509_VERIFY_PARAM_set1_host(expected, host.c_str(), 0) == 1
          : X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
  if (is_set) return absl::OkStatus();
  return absl::InvalidArgumentError("invalid host for a certificate");
}

std::string CertificateError(const SSL* tls) {
  const long result = SSL_get_verify_result(tls);
  if (result == X509_V_OK) return "";
  return absl::AsciiStrToLower(X509_verify_cert_error_string(result));
}

}  // namespace prepull
