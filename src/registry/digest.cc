#include "src/registry/digest.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
void Digester::Free::operator()(void* context) const {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

Digester::Digester(bool is_sha512)
    : prefix_(is_sha512 ? "sha512:" : "sha256:"), context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_.get()),
                    is_sha512 ? EVP_sha512() : EVP_sha256(), nullptr);
}

absl::StatusOr<Digester> Digester::Like(absl::string_view digest) {
  if (absl::StartsWith(digest, "sha256:")) return Digester(false);
  if (absl::StartsWith(digest, "sha512:")) return Digester(true);
  return absl::UnimplementedError(absl::StrCat(
      "the digest ", Printable(digest, 100), " is neither sha256 nor sha512"));
}

void Digester::Add(absl::string_view bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), bytes.data(),
                   bytes.size());
}

std::string Digester::Take() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_.get()), bytes, &size);
  return absl::StrCat(prefix_,
                      absl::BytesToHexString(absl::string_view(
                          reinterpret_cast<const char*>(bytes), size)));
}

absl::Status CheckDigest(absl::string_view bytes, absl::string_view digest) {
  ASSIGN_OR_RETURN(Digester digester, Digester::Like(digest));
  digester.Add(bytes);
  const std::string found = digester.Take();
  if (found == digest) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the digest is ", found, ", not ", Printable(digest, 140)));
}

}  // namespace prepull
