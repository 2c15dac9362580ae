#include "src/registry/digest.h"

#include <openssl/evp.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {

bool IsDigest(absl::string_view text) {
  const bool is_long = absl::ConsumePrefix(&text, "sha512:");
  if (!is_long && !absl::ConsumePrefix(&text, "sha256:")) return false;
  return text.size() == (is_long ? 128u : 64u) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void Digester::Free::operator()(void* context) const {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

Digester::Digester(bool is_sha512)
    : prefix_(is_sha512 ? "sha512:" : "sha256:"), context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_.get()),
                    is_sha512 ? EVP_sha512() : EVP_sha256(), nullptr);
}

absl::StatusOr<Digester> Digester::Like(absl::string_view digest) {
  if (IsDigest(digest)) return Digester(absl::StartsWith(digest, "sha512:"));
  return absl::UnimplementedError(absl::StrCat(
      "the digest ", Printable(digest, 140), " is neither sha256 nor sha512"));
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

std::string DigestOf(absl::string_view bytes) {
  Digester digester(/*is_sha512=*/false);
  digester.Add(bytes);
  return digester.Take();
}

absl::Status VerifyDigest(absl::string_view bytes, absl::string_view digest) {
  ASSIGN_OR_RETURN(Digester digester, Digester::Like(digest));
  digester.Add(bytes);
  const std::string found = digester.Take();
  if (found == digest) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the digest is ", found, ", not ", Printable(digest, 140)));
}

}  // namespace prepull
