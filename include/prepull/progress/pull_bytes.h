// The bytes that CRI-O's pulls have under way, told from the folders that they
// download into.
//
// A folder does not say whose it is. It is a pull's for certain if that pull is
// the only one that started, and the folder the only one that appeared, since
// everything was settled, and there are no more folders than pulls: whoever
// else pulls on the node, such as the kubelet, makes some, too. In doubt it
// belongs to none. Folders that outlive all pulls of the run (those of a killed
// CRI-O) are forgotten.
// A file whose size is that of a blob which the run counts as whole is left
// out: that layer was fetched twice, or its pull has just ended. Pure. Not
// thread-safe.
#ifndef PREPULL_PROGRESS_PULL_BYTES_H_
#define PREPULL_PROGRESS_PULL_BYTES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "prepull/run/run.h"
#include "prepull/runtime/pull_folders.h"

namespace prepull {

class PullBytes {
 public:
  using Image = const ImageOutcome*;  // of the run's list

  // `before`: what was there before the first pull started: never of the run.
  explicit PullBytes(const std::vector<PullFolder>& before);

  // The runtime is about to be asked for `image`, which is not being pulled.
  void OnStarted(Image image);

  // The pull has ended, and the image is there. `whole`: the sizes of the blobs
  // that count as whole from now on and did not before; without a value where
  // they are not known: then what was seen of the pull counts on.
  void OnPulled(Image image, const std::optional<std::vector<int64_t>>& whole);

  // The pull has ended, and what it had is lost.
  void OnFailed(Image image);

  // Takes in all folders that are there.
  void OnLook(const std::vector<PullFolder>& folders);

  // Returns what the running pull of `image` has downloaded besides blobs that
  // are whole. Without a value: nobody knows.
  std::optional<int64_t> BytesOf(Image image) const;

  // What is whole, and what the pulls of the run have under way. Never falls
  // before a pull fails: a folder may go a moment before its pull ends. Not
  // counted: what is known to be of somebody else or cannot be told apart.
  int64_t bytes() const { return bytes_; }

 private:
  using Files = std::vector<int64_t>;

  struct Pull {
    bool is_awaiting = true;  // its folder may still appear
    std::string folder = "";  // if that is certain
    Files files = {};         // as seen last
  };

  Pull* OwnerOf(const std::string& folder);
  void End(Image image);
  void Match();
  void Settle();
  void Attribute(const std::string& folder);
  void Revoke();
  bool HasSurplus() const;
  int64_t BytesIn(const Files& files) const;
  int64_t Count() const;
  void Update();

  std::map<Image, Pull> running_;
  // Folders that are there: of others, of pulls that have ended; and those that
  // could be of the pulls that have none.
  std::set<std::string> foreign_;
  std::map<std::string, Files> loose_;
  // What appeared, and the pulls that ended, since everything was settled.
  std::set<std::string> arrived_;
  int ended_awaiting_ = 0;
  Image attributed_last_ = nullptr;  // by the last look

  absl::flat_hash_map<int64_t, int> whole_;  // blobs by size
  int64_t whole_bytes_ = 0;
  int looks_to_fall_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_PULL_BYTES_H_
