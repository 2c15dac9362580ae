#include "src/source/digests.h"

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "prepull/base/mutex.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

// Registries answer a few requests at once as fast as one.
constexpr int kRequestsAtOnce = 8;

class DigestResolver {
 public:
  DigestResolver(RegistryClient& registry, std::vector<ImageRequest>& requests)
      : registry_(registry), requests_(requests) {}

  absl::Status Run() {
    const auto work = [this] { Work(); };
    std::vector<std::jthread> workers;
    workers.reserve(kRequestsAtOnce);
    for (int i = 0; i < kRequestsAtOnce; ++i) workers.emplace_back(work);
    workers.clear();
    MutexLock lock(mutex_);
    return status_;
  }

 private:
  void Work() {
    while (true) {
      const size_t i = next_++;
      if (i >= requests_.size() || HasFailed()) return;
      const absl::Status resolved = Resolve(requests_[i]);
      MutexLock lock(mutex_);
      if (status_.ok()) status_ = Annotate(resolved, requests_[i].image);
    }
  }

  bool HasFailed() {
    MutexLock lock(mutex_);
    return !status_.ok();
  }

  absl::Status Resolve(ImageRequest& request) {
    const Reference& reference = *request.reference;
    if (!reference.digest().empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string digest, DigestOf(reference));
    request.reference =
        Reference::Parse(absl::StrCat(reference.text(), "@", digest));
    // A digest does not change, so pulling it always has no use.
    request.options.policy = std::nullopt;
    return request.reference.status();
  }

  absl::StatusOr<std::string> DigestOf(const Reference& image) {
    for (int tries = 1;; ++tries) {
      absl::StatusOr<std::string> digest = registry_.ResolveDigest(image);
      if (digest.ok() || !IsWorthAnotherTry(digest.status(), tries) ||
          HasFailed()) {
        return digest;
      }
      const absl::Status paused = registry_.Pause(tries);
      if (!paused.ok()) {
        return absl::IsCancelled(paused) ? paused : digest.status();
      }
    }
  }

  RegistryClient& registry_;
  std::vector<ImageRequest>& requests_;
  std::atomic<size_t> next_ = 0;
  Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::Status ResolveDigests(RegistryClient& registry,
                            std::vector<ImageRequest>& requests) {
  return DigestResolver(registry, requests).Run();
}

}  // namespace prepull
