// The read-only side of a registry: manifests, blobs and lists of tags.
//
// Each call finds its way by itself: a mirror before the registry, the
// credentials of the image one after another, tokens, redirects (credentials
// stay with the host that they are for), waiting when the registry is busy. A
// broken blob is continued at its byte. Nothing counts whose digest is wrong.
//
// Threads: safe to share; a call blocks.
// Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
#ifndef PREPULL_REGISTRY_REGISTRY_CLIENT_H_
#define PREPULL_REGISTRY_REGISTRY_CLIENT_H_

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/clock.h"
#include "prepull/base/random.h"
#include "prepull/http/http_client.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "prepull/registry/byte_stream.h"

namespace prepull {

struct RegistryOptions {
  // Where plain HTTP is allowed if HTTPS is not to be had: "host[:port]", as
  // image names have it. Loopback addresses always are.
  std::vector<std::string> insecure_hosts = {};
  // "FROM=TO", as --rewrite has it: asked first, the registry itself after it.
  std::vector<std::string> mirrors = {};
  // As of an HttpRequest.
  std::string ca_file = HttpRequest().ca_file;
  std::string extra_ca_file = "";
  ProxyRules proxies = {};
  // Of all calls together.
  Instant deadline = Instant::Never();
  std::stop_token stop = {};
};

struct ResolvedManifest {
  std::string digest = "";  // of the image's own manifest, not of its index
  ImageManifest manifest = {};
};

class RegistryClient {
 public:
  virtual ~RegistryClient() = default;

  // What `image` stands for at its registry: of an index its own digest, so
  // that it is the same for every platform. Errors, of every call: NOT_FOUND,
  // UNAUTHENTICATED and PERMISSION_DENIED as the registry says; UNAVAILABLE,
  // and RESOURCE_EXHAUSTED for a 429, after a few tries; DATA_LOSS  a wrong
  // digest, or a web page; CANCELLED, DEADLINE_EXCEEDED. IsPassing tells those
  // that may be gone later.
  virtual absl::StatusOr<std::string> ResolveDigest(const Reference& image) = 0;

  // The manifest for our own platform.
  virtual absl::StatusOr<ResolvedManifest> FetchManifest(
      const Reference& image) = 0;

  // Pushes the whole of a blob of `image` to `sink`, on the caller's thread.
  // Its size is checked as well as its digest.
  virtual absl::Status FetchBlob(const Reference& image,
                                 const ManifestBlob& blob, ByteSink sink) = 0;

  // All tags of `repository`, in the registry's order.
  virtual absl::StatusOr<std::vector<std::string>> ListTags(
      const Reference& repository) = 0;

  // For long work on what calls gave. Errors: CANCELLED, DEADLINE_EXCEEDED.
  virtual absl::Status MayGoOn() const { return absl::OkStatus(); }

  // Waits before what has failed `tries` times is asked for again: a second,
  // doubling to half a minute, less jitter, or what a registry has asked for.
  // Errors: CANCELLED; DEADLINE_EXCEEDED  the deadline comes before that.
  virtual absl::Status Pause(int tries) = 0;
};

// Whether to ask once more for what has failed with `failure`, and `tries`
// times: as long as that may pass, and for a minute where what came was wrong.
bool IsWorthAnotherTry(const absl::Status& failure, int tries);

// All must outlive the client. Errors: INVALID_ARGUMENT  names the option.
absl::StatusOr<std::unique_ptr<RegistryClient>> MakeRegistryClient(
    RegistryOptions options, HttpClient& http, CredentialFinder& credentials,
    Clock& clock, RollDice roll_dice);

}  // namespace prepull

#endif  // PREPULL_REGISTRY_REGISTRY_CLIENT_H_
