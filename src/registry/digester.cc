#include "src/registry/digester.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/image/digest.h"

namespace prepull {
namespace {

constexpr size_t kMaxShownBytes = 140;

}  // namespace

bool IsVerifiable(absl::string_view digest) {
  return CheckDigest(digest).ok() && (absl::StartsWith(digest, "sha256:") ||
                                      absl::StartsWith(digest, "sha512:"));
}

void Digester::FreeContext::operator()(void* context) const {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

Digester::Digester(bool is_sha512)
    : prefix_(is_sha512 ? "sha512:" : "sha256:"), context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_.get()),
                    is_sha512 ? EVP_sha512() : EVP_sha256(), nullptr);
}

absl::StatusOr<Digester> Digester::For(absl::string_view digest) {
  if (IsVerifiable(digest))
    return Digester(absl::StartsWith(digest, "sha512:"));
  return absl::UnimplementedError(
      absl::StrCat("unsupported digest ", Printable(digest, kMaxShownBytes),
                   ": expected sha256 or sha512"));
}

void Digester::Update(absl::string_view bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), bytes.data(),
                   bytes.size());
}

std::string Digester::Finish() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_.get()), bytes, &size);
  return absl::StrCat(prefix_,
                      absl::BytesToHexString(absl::string_view(
                          reinterpret_cast<const char*>(bytes), size)));
}

std::string DigestOf(absl::string_view bytes) {
  Digester digester(/*is_sha512=*/false);
  digester.Update(bytes);
  return digester.Finish();
}

absl::Status VerifyDigest(absl::string_view bytes, absl::string_view digest) {
  ASSIGN_OR_RETURN(Digester digester, Digester::For(digest));
  digester.Update(bytes);
  const std::string found = digester.Finish();
  return found == digest ? absl::OkStatus() : DigestMismatch(found, digest);
}

absl::Status DigestMismatch(absl::string_view found,
                            absl::string_view expected) {
  return absl::DataLossError(absl::StrCat("digest mismatch: got ", found,
                                          ", expected ",
                                          Printable(expected, kMaxShownBytes)));
}

}  // namespace prepull
