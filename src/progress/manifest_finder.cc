#include "prepull/progress/manifest_finder.h"

#include <utility>

#include "prepull/base/log.h"
#include "prepull/base/redact.h"
#include "prepull/progress/image_manifest.h"

namespace prepull {
namespace {

// A runtime that is this late with an answer is asked anew.
constexpr absl::Duration kSearchTimeout = absl::Seconds(10);
constexpr int kMostSearches = 4;

}  // namespace

template <typename Answer>
RuntimeExtension::Done<Answer> ManifestFinder::Posting(
    std::function<void(const absl::StatusOr<Answer>&)> take) const {
  return [post = post_, take = std::move(take)](absl::StatusOr<Answer> answer) {
    post([take, answer = std::move(answer)] { take(answer); });
  };
}

bool ManifestFinder::is_busy() const { return running_ >= kMostSearches; }

void ManifestFinder::Start(Search search, Done done) {
  ++running_;
  const auto shared = std::make_shared<const Search>(std::move(search));
  const BlobSource source = SourceOf(shared->reference);
  const Done end = [this, done = std::move(done)](Outcome outcome,
                                                  const Found& found) {
    --running_;
    done(outcome, found);
  };
  extension_.FindBlobs(
      source.host, source.repository, kSearchTimeout,
      Posting<std::vector<StoredBlob>>([this, shared, end](const auto& blobs) {
        if (!blobs.ok()) return end(Outcome::kNone, {});
        Choose(shared, *blobs, end);
      }));
}

void ManifestFinder::Choose(const SharedSearch& search,
                            const std::vector<StoredBlob>& blobs,
                            const Done& done) {
  if (!search->is_wanted()) return done(Outcome::kNone, {});
  const StoredBlob* manifest = ChooseManifest(
      blobs, search->pull,
      [this](const std::string& digest) { return taken_.contains(digest); },
      search->moves);
  if (manifest == nullptr) return done(Outcome::kNone, {});
  Read(search, *manifest, done);
}

void ManifestFinder::Read(const SharedSearch& search,
                          const StoredBlob& manifest, const Done& done) {
  extension_.ReadBlob(
      manifest.digest, kSearchTimeout,
      Posting<std::string>([this, search, digest = manifest.digest,
                            config = ConfigOf(manifest),
                            done](const auto& text) {
        search->on_seen();
        const auto blobs =
            text.ok() ? ParseManifestBlobs(*text) : text.status();
        if (!blobs.ok()) {
          Log(LogLevel::kDebug, "manifest cannot be used",
              {{"manifest", digest},
               {"error", ReportedMessage(blobs.status())}});
          return done(Outcome::kUnreadable, {});
        }
        taken_.insert(digest);
        done(Outcome::kFound, {config, *blobs});
      }));
}

}  // namespace prepull
