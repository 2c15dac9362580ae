// Certificates made for one test: an authority and what it signs, as PEM.
#ifndef PREPULL_TEST_SUPPORT_CERTIFICATES_H_
#define PREPULL_TEST_SUPPORT_CERTIFICATES_H_

#include <memory>
#include <string>

#include "absl/time/time.h"

struct ssl_ctx_st;

namespace prepull {

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;
};

// Returns an SSL_CTX for a server, which the caller frees. `client_authority`:
// PEM; each client needs a certificate that it has signed. "" = none does.
ssl_ctx_st* MakeServerContext(const Certificate& certificate,
                              const std::string& client_authority = "");

class CertificateAuthority {
 public:
  CertificateAuthority();
  ~CertificateAuthority();

  // What a client has to trust.
  const std::string& pem() const;

  // One for `host`, as OpenSSL writes it ("DNS:localhost", "IP:127.0.0.1"),
  // that is good for an hour from `from_now` on.
  Certificate Sign(const std::string& host,
                   absl::Duration from_now = absl::Minutes(-5)) const;

 private:
  struct Keys;

  std::unique_ptr<Keys> keys_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CERTIFICATES_H_
