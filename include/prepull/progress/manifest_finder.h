// Finds the manifest that a pull has fetched, in the runtime's store.
//
// Not thread-safe: it belongs to the engine's thread, and what the runtime
// answers comes back to it through `post`.
#ifndef PREPULL_PROGRESS_MANIFEST_FINDER_H_
#define PREPULL_PROGRESS_MANIFEST_FINDER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "prepull/image/manifest.h"
#include "prepull/image/reference.h"
#include "prepull/progress/manifest_choice.h"
#include "prepull/runtime/runtime_extension.h"

namespace prepull {

class ManifestFinder {
 public:
  // Runs the errand on the engine's thread, unless the finder is gone by then.
  // Threads: from any.
  using Post = std::function<void(std::function<void()>)>;

  struct Search {
    const Reference& reference;  // outlives the search
    PullTraces pull;
    // Whether a download of this digest has moved since the attempt began.
    std::function<bool(const std::string& digest)> moves;
    // Whether the pull still has a manifest to be found: what comes into the
    // store after its end is another's.
    std::function<bool()> is_wanted;
    // From here on the pull's manifest can be told from others of its
    // repository, even if it cannot be read.
    std::function<void()> on_seen;
  };

  struct Found {
    std::string config;  // its digest
    std::vector<ManifestBlob> blobs;
  };
  // kNone: not there, or no answer; worth another search. kUnreadable: what
  // cannot be read now will not be read later in this attempt.
  enum class Outcome { kFound, kNone, kUnreadable };
  using Done = std::function<void(Outcome, const Found&)>;

  ManifestFinder(RuntimeExtension& extension, Post post)
      : extension_(extension), post_(std::move(post)) {}

  // Whether as many searches run as may: each makes the runtime walk its store.
  bool is_busy() const;

  // Calls `done` once.
  void Start(Search search, Done done);

 private:
  using SharedSearch = std::shared_ptr<const Search>;

  template <typename Answer>
  RuntimeExtension::Done<Answer> Posting(
      std::function<void(const absl::StatusOr<Answer>&)> take) const;
  void Choose(const SharedSearch& search, const std::vector<StoredBlob>& blobs,
              const Done& done);
  void Read(const SharedSearch& search, const StoredBlob& manifest,
            const Done& done);

  RuntimeExtension& extension_;
  const Post post_;
  absl::flat_hash_set<std::string> taken_;  // that belong to an image
  int running_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_MANIFEST_FINDER_H_
