#include "prepull/base/hash.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"

namespace prepull {

std::string Sha256Hex(absl::string_view text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes, &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

}  // namespace prepull
