// Runs a credential provider plugin of the kubelet for images, and caches its
// responses as long as they allow.
//
// The plugin is run on a thread of its own, one image at a time, since the
// first response may be valid for the others, too. Threads: safe to share.
#ifndef PREPULL_SRC_AUTH_PROVIDER_PLUGIN_H_
#define PREPULL_SRC_AUTH_PROVIDER_PLUGIN_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/base/clock.h"
#include "prepull/base/host.h"
#include "prepull/base/mutex.h"
#include "prepull/image/reference.h"
#include "src/auth/provider_config.h"
#include "src/auth/provider_response.h"
#include "src/auth/warnings.h"

namespace prepull {

class ProviderPlugin {
 public:
  using Entries = std::vector<KeyringEntry>;
  using Done = std::function<void(absl::StatusOr<Entries>)>;

  struct Dependencies {
    Host& host;
    const Clock& clock;
    Warnings& warnings;
  };

  // `timeout`: of a run of `program`. The dependencies must outlive this.
  ProviderPlugin(CredentialProvider provider, std::string program,
                 absl::Duration timeout, Dependencies dependencies);

  // Kills the plugin if it runs, and waits for its end. Calls each outstanding
  // `done` with CANCELLED.
  ~ProviderPlugin();
  ProviderPlugin(const ProviderPlugin&) = delete;
  ProviderPlugin& operator=(const ProviderPlugin&) = delete;

  bool Matches(const Reference& image) const;

  // Passes the plugin's response for `image` to `done`, which is called once,
  // before this returns or later on the plugin's thread, and must not block.
  // Errors, each naming the plugin and, except CANCELLED, logged as a warning:
  // as Host::RunChild; UNAVAILABLE  it failed; INVALID_ARGUMENT  its response
  // is invalid.
  void Request(const Reference& image, Done done);

  // Drops the cached response for `image` with this `credential`, which was
  // refused.
  void Forget(const Reference& image, const Credential& credential);

  // Returns "plugin NAME: PATTERN PATTERN…".
  std::string Description() const;

 private:
  struct Pending {
    std::string repository;
    std::string registry;
    Done done = nullptr;
  };
  struct Cached {
    Instant until;
    Entries entries;
  };
  static std::string CacheKey(CacheScope scope, const Pending& request);
  std::optional<Entries> FindCached(const Pending& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Cache(const Pending& request, const ProviderResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Queue(Pending request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work();
  // Waits for the next request. Returns false when the thread must end.
  bool Next(Pending& request);
  void Serve(Pending request);
  // Moves the requests that the response to the first of `served` is valid for
  // from the queue to `served`.
  void MoveServed(const absl::StatusOr<ProviderResponse>& response,
                  std::vector<Pending>& served)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ProviderResponse> Run(const std::string& image);
  absl::StatusOr<ProviderResponse> Execute(const std::string& image);

  const CredentialProvider provider_;
  const std::string program_;
  const absl::Duration timeout_;
  const Dependencies dependencies_;

  std::stop_source stop_;
  Mutex mutex_;
  std::condition_variable_any asked_;
  std::vector<Pending> queue_ ABSL_GUARDED_BY(mutex_);  // oldest first
  std::map<std::string, Cached> cache_ ABSL_GUARDED_BY(mutex_);
  std::thread worker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_PROVIDER_PLUGIN_H_
