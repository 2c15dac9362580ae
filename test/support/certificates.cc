#include "test/support/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cassert>

namespace prepull {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* what) const { kFree(what); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509, X509_free>>;

std::string TextOf(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string copy(text, size);
  BIO_free(bio);
  return copy;
}

std::string Pem(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  return TextOf(bio);
}

std::string Pem(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return TextOf(bio);
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  assert(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// A certificate for `key` without its signature.
X509Ptr Begin(EVP_PKEY* key, std::string name, absl::Duration from_now) {
  static long serial = 1;
  // Authorities are told apart by their names.
  if (name == "CA") name += std::to_string(serial);
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  const int64_t start = absl::ToInt64Seconds(from_now);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), start);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), start + 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>(name.data()), -1, -1, 0);
  return certificate;
}

// Lets in only whom `authority` has signed.
void AskForCertificates(SSL_CTX* context, const std::string& authority) {
  BIO* bio = BIO_new_mem_buf(authority.data(), -1);
  X509* x509 = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), x509);
  X509_free(x509);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
}

}  // namespace

SSL_CTX* MakeServerContext(const Certificate& certificate,
                           const std::string& client_authority) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  BIO* bio = BIO_new_mem_buf(certificate.certificate_pem.data(), -1);
  X509* x509 = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  bio = BIO_new_mem_buf(certificate.key_pem.data(), -1);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  SSL_CTX_use_certificate(context, x509);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(x509);
  EVP_PKEY_free(key);
  if (!client_authority.empty()) AskForCertificates(context, client_authority);
  return context;
}

struct CertificateAuthority::Keys {
  Key key;
  X509Ptr certificate;
  std::string pem;
};

CertificateAuthority::CertificateAuthority() : keys_(std::make_unique<Keys>()) {
  keys_->key.reset(EVP_EC_gen("P-256"));
  keys_->certificate = Begin(keys_->key.get(), "CA", absl::Minutes(-5));
  X509* self = keys_->certificate.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  AddExtension(self, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(self, keys_->key.get(), EVP_sha256());
  keys_->pem = Pem(self);
}

CertificateAuthority::~CertificateAuthority() = default;

const std::string& CertificateAuthority::pem() const { return keys_->pem; }

Certificate CertificateAuthority::Sign(const std::string& host,
                                       absl::Duration from_now) const {
  const Key key(EVP_EC_gen("P-256"));
  const X509Ptr certificate = Begin(key.get(), "localhost", from_now);
  X509_set_issuer_name(certificate.get(),
                       X509_get_subject_name(keys_->certificate.get()));
  AddExtension(certificate.get(), NID_subject_alt_name, host);
  X509_sign(certificate.get(), keys_->key.get(), EVP_sha256());
  return {Pem(certificate.get()), Pem(key.get())};
}

}  // namespace prepull
