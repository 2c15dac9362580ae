#include "prepull/registry/manifest_reader.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/mutex.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

// As many as runtimes fetch layers of an image: a registry that serves these
// serves those.
constexpr size_t kManifestsAtOnce = 6;

// A pull waits for this, so a slow answer is as bad as none.
constexpr absl::Duration kRequestTimeout = absl::Seconds(3);

// So often in a row a registry may not respond, whose images may be served by
// different mirrors.
constexpr int kMaxFailures = 3;

class Reader : public ManifestReader {
 public:
  Reader(std::unique_ptr<RegistryAccess> access, std::stop_source stop)
      : access_(std::move(access)),
        client_(access_->client()),
        stop_(std::move(stop)) {}

  ~Reader() override { stop_.request_stop(); }

  void Read(std::vector<Reference> images, Done done) override {
    images_ = std::move(images);
    done_ = std::move(done);
    const size_t threads = std::min(kManifestsAtOnce, images_.size());
    for (size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { Work(); });
    }
  }

 private:
  void Work() {
    while (!stop_.stop_requested()) {
      const size_t i = next_++;
      if (i >= images_.size()) return;
      done_(i, Fetch(images_[i]));
    }
  }

  absl::StatusOr<ImageManifest> Fetch(const Reference& image) {
    if (IsGivenUp(image.registry())) {
      return absl::UnavailableError(
          absl::StrCat(image.registry(), ": given up after earlier requests"));
    }
    absl::StatusOr<ResolvedManifest> found = client_.FetchManifest(image);
    {
      MutexLock lock(mutex_);
      int& failures = failures_[image.registry()];
      failures = IsNoResponse(found.status()) ? failures + 1 : 0;
      // Its pulls are to have what it still allows.
      if (absl::IsResourceExhausted(found.status())) failures = kMaxFailures;
    }
    if (!found.ok()) return found.status();
    return std::move(found->manifest);
  }

  static bool IsNoResponse(const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
  }

  bool IsGivenUp(const std::string& registry) {
    MutexLock lock(mutex_);
    return failures_[registry] >= kMaxFailures;
  }

  const std::unique_ptr<RegistryAccess> access_;
  RegistryClient& client_;
  std::stop_source stop_;
  std::vector<Reference> images_;
  Done done_;
  std::atomic<size_t> next_ = 0;
  Mutex mutex_;
  // In a row, without a response; by registry.
  std::map<std::string, int> failures_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace

absl::StatusOr<std::unique_ptr<ManifestReader>> OpenManifestReader(
    RegistryOptions options, const CredentialOptions& credentials,
    const RegistryAccess::Seams& seams) {
  std::stop_source stop;
  options.stop = stop.get_token();
  options.patience = {.request = kRequestTimeout, .tries = 1};
  ASSIGN_OR_RETURN(
      std::unique_ptr<RegistryAccess> access,
      RegistryAccess::Open(std::move(options), credentials, seams));
  return std::make_unique<Reader>(std::move(access), std::move(stop));
}

}  // namespace prepull
