// Reads the manifests of many images while the caller does other work.
#ifndef PREPULL_REGISTRY_MANIFEST_READER_H_
#define PREPULL_REGISTRY_MANIFEST_READER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "prepull/registry/registry_access.h"
#include "prepull/registry/registry_client.h"

namespace prepull {

// Threads: one owns it and calls it.
class ManifestReader {
 public:
  // Receives the manifest of the image with this index. Called once for each,
  // on any thread; must not block.
  using Done =
      std::function<void(size_t, const absl::StatusOr<ImageManifest>&)>;

  // Stops reading, within a second. Images that are left get no answer.
  virtual ~ManifestReader() = default;

  // Reads the manifests of `images` for our own platform, the first ones
  // first. Called once. Errors: as RegistryClient::FetchManifest.
  virtual void Read(std::vector<Reference> images, Done done) = 0;
};

// Returns a reader that asks for a few at once, each within seconds and without
// a second try: a registry that does not respond three times in a row, or says
// 429, is not asked for further ones.
// The arguments are as for RegistryAccess::Open; `options` has its own stop
// token. Errors: as there.
absl::StatusOr<std::unique_ptr<ManifestReader>> OpenManifestReader(
    RegistryOptions options, const CredentialOptions& credentials,
    const RegistryAccess::Seams& seams);

}  // namespace prepull

#endif  // PREPULL_REGISTRY_MANIFEST_READER_H_
