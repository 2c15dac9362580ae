// One credential provider plugin of the kubelet: runs it for an image and
// remembers its answer as long as it allows.
//
// It is run by one thread of its own, one image at a time, since the first
// answer says whether it holds for the others too.
// Threads: safe to share.
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
#include "src/auth/provider_answer.h"
#include "src/auth/provider_config.h"
#include "src/auth/warnings.h"

namespace prepull {

class ProviderPlugin {
 public:
  using Entries = std::vector<KeyringEntry>;
  using Done = std::function<void(absl::StatusOr<Entries>)>;

  struct World {
    Host& host;
    const Clock& clock;
    Warnings& warnings;
  };

  // `program` is run for as long as `timeout`. What `world` refers to must
  // outlive this.
  ProviderPlugin(CredentialProvider provider, std::string program,
                 absl::Duration timeout, World world);

  // Ends the plugin, if it runs, and waits for that. Every `done` still owed
  // is called with CANCELLED.
  ~ProviderPlugin();
  ProviderPlugin(const ProviderPlugin&) = delete;
  ProviderPlugin& operator=(const ProviderPlugin&) = delete;

  bool Matches(const Reference& image) const;

  // Gets what the plugin answers for `image`. `done` is called once, before
  // this returns or later on the plugin's thread, and may not block. Errors,
  // each naming the plugin, and all but CANCELLED a warning as well: as
  // Host::RunChild's; UNAVAILABLE  it failed; INVALID_ARGUMENT  its answer is
  // none.
  void Ask(const Reference& image, Done done);

  // Forgets an answer for `image` that has this `credential`, which was
  // refused.
  void Forget(const Reference& image, const Credential& credential);

  // "plugin NAME: PATTERN PATTERN…"
  std::string Description() const;

 private:
  struct Request {
    std::string repository;
    std::string registry;
    Done done = nullptr;
  };
  struct Remembered {
    Instant until;
    Entries entries;
  };
  static std::string CacheKey(CacheScope scope, const Request& request);
  std::optional<Entries> Recall(const Request& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remember(const Request& request, const ProviderAnswer& answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Queue(Request request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work();
  // Waits for the next. False when it is time to end.
  bool Next(Request& request);
  void Serve(Request request);
  // Moves those from the queue to `served` for whom the answer to its first
  // holds as well.
  void TakeServed(const absl::StatusOr<ProviderAnswer>& answer,
                  std::vector<Request>& served)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ProviderAnswer> Run(const std::string& image);
  absl::StatusOr<ProviderAnswer> Execute(const std::string& image);

  const CredentialProvider provider_;
  const std::string program_;
  const absl::Duration timeout_;
  const World world_;

  std::stop_source stop_;
  Mutex mutex_;
  std::condition_variable_any asked_;
  std::vector<Request> queue_ ABSL_GUARDED_BY(mutex_);  // oldest first
  std::map<std::string, Remembered> cache_ ABSL_GUARDED_BY(mutex_);
  std::thread worker_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_PROVIDER_PLUGIN_H_
