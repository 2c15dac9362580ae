// The digest of bytes as they come: "sha256:<hex>" or "sha512:<hex>".
// Source:
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
#ifndef PREPULL_SRC_REGISTRY_DIGEST_H_
#define PREPULL_SRC_REGISTRY_DIGEST_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// "sha256:" and 64 digits, or "sha512:" and 128.
bool IsDigest(absl::string_view text);

class Digester {
 public:
  // Of the algorithm of `digest`. Errors: UNIMPLEMENTED  it is no digest.
  static absl::StatusOr<Digester> Like(absl::string_view digest);

  void Add(absl::string_view bytes);

  // Of all that was added; the last call.
  std::string Take();

 private:
  struct Free {
    void operator()(void* context) const;
  };

  explicit Digester(bool is_sha512);

  friend std::string DigestOf(absl::string_view bytes);

  std::string prefix_;
  std::unique_ptr<void, Free> context_;
};

// With sha256.
std::string DigestOf(absl::string_view bytes);

// Errors: DATA_LOSS  `bytes` do not have `digest`; as Like's.
absl::Status VerifyDigest(absl::string_view bytes, absl::string_view digest);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_DIGEST_H_
