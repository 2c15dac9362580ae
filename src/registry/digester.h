// Computes and verifies digests of bytes as they come: "sha256:<hex>" or
// "sha512:<hex>".
// Source:
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
#ifndef PREPULL_SRC_REGISTRY_DIGESTER_H_
#define PREPULL_SRC_REGISTRY_DIGESTER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Whether `digest` is valid and of an algorithm that we can compute.
bool IsVerifiable(absl::string_view digest);

class Digester {
 public:
  // Returns a digester with the algorithm of `digest`. Errors: UNIMPLEMENTED
  // `digest` is not verifiable.
  static absl::StatusOr<Digester> For(absl::string_view digest);

  void Update(absl::string_view bytes);

  // Returns the digest of all bytes. The last call.
  std::string Finish();

 private:
  struct FreeContext {
    void operator()(void* context) const;
  };

  explicit Digester(bool is_sha512);

  friend std::string DigestOf(absl::string_view bytes);

  std::string prefix_;
  std::unique_ptr<void, FreeContext> context_;
};

// Returns the sha256 digest of `bytes`.
std::string DigestOf(absl::string_view bytes);

// Errors: DATA_LOSS  `bytes` do not have `digest`; UNIMPLEMENTED  it is not
// verifiable.
absl::Status VerifyDigest(absl::string_view bytes, absl::string_view digest);

// DATA_LOSS  "digest mismatch: …".
absl::Status DigestMismatch(absl::string_view found,
                            absl::string_view expected);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_DIGESTER_H_
