// Reads manifests, blobs and tag lists from registries.
//
// Each call does all that it takes: mirrors before the registry, the image's
// credentials one after another, tokens, redirects (credentials are sent only
// to the host that they are for), pauses when the registry is busy. A broken
// download is continued at its byte. All digests are verified.
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

class NodeRegistries;

// How long a caller waits who can do without the answer.
struct RegistryPatience {
  absl::Duration request = absl::InfiniteDuration();  // each, until its end
  int tries = 3;  // of each request, at most
};

struct RegistryOptions {
  // Hosts that may speak plain HTTP if they do not speak HTTPS: "host[:port]",
  // as in image names. Loopback addresses always may.
  std::vector<std::string> insecure_hosts = {};
  // "FROM=TO", as of --rewrite: asked before all others.
  std::vector<std::string> mirrors = {};
  // Where the host's root is mounted, whose configuration of registries
  // RegistryAccess::Open reads into `node`; empty: it is not read.
  std::string host_root = "";
  // The node's mirrors, blocked registries and certificates; null: none.
  std::shared_ptr<const NodeRegistries> node = nullptr;
  // As of an HttpRequest.
  std::string ca_file = HttpRequest().ca_file;
  std::string extra_ca_file = "";
  ProxyRules proxies = {};
  RegistryPatience patience = {};
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

  // Returns the digest of `image` at its registry: that of an index itself, so
  // that it is the same for all platforms. Errors, of every call: NOT_FOUND,
  // UNAUTHENTICATED and PERMISSION_DENIED  as the registry says; UNAVAILABLE,
  // and RESOURCE_EXHAUSTED for a 429, after a few tries; DATA_LOSS  digest
  // mismatch, or an HTML page; CANCELLED, DEADLINE_EXCEEDED. IsPassing tells
  // those that a later call may not meet.
  virtual absl::StatusOr<std::string> ResolveDigest(const Reference& image) = 0;

  // Returns the manifest for our own platform.
  virtual absl::StatusOr<ResolvedManifest> FetchManifest(
      const Reference& image) = 0;

  // Pushes a whole blob of `image` to `sink`, on the caller's thread. Verifies
  // its size and digest.
  virtual absl::Status FetchBlob(const Reference& image,
                                 const ManifestBlob& blob, ByteSink sink) = 0;

  // Returns all tags of `repository`, in the registry's order.
  virtual absl::StatusOr<std::vector<std::string>> ListTags(
      const Reference& repository) = 0;

  // For long work on results of calls. Errors: CANCELLED, DEADLINE_EXCEEDED.
  virtual absl::Status MayGoOn() const { return absl::OkStatus(); }

  // Pauses before what has failed `tries` times is requested again: a second,
  // doubling to half a minute, less jitter, or as a registry's Retry-After
  // says. Errors: CANCELLED; DEADLINE_EXCEEDED  no time for that before the
  // deadline.
  virtual absl::Status Pause(int tries) = 0;
};

// Whether to request again what has failed `tries` times, last with `failure`:
// while that is passing, and for a minute after corrupt data.
bool IsWorthAnotherTry(const absl::Status& failure, int tries);

// The arguments must outlive the client. Errors: INVALID_ARGUMENT  names the
// invalid option.
absl::StatusOr<std::unique_ptr<RegistryClient>> MakeRegistryClient(
    RegistryOptions options, HttpClient& http, CredentialFinder& credentials,
    Clock& clock, RollDice roll_dice);

}  // namespace prepull

#endif  // PREPULL_REGISTRY_REGISTRY_CLIENT_H_
