// Tells a slow pull from a stuck one, where the runtime shows its downloads.
//
// Fed once a second with every open download of the node, asked once a second
// about every running attempt. Offsets move in steps of 1 MiB, so a rest means
// nothing by itself: what it means is measured against what the node's moving
// downloads need for a step. To cut an attempt loses no byte, so a doubtful
// one is cut early and gets a longer window for its next attempt.
// Pure: time comes in. Not thread-safe.
// Source: containerd's own timer resets on any byte, so that a trickle hangs
// for an hour (https://github.com/containerd/containerd/issues/11650).
#ifndef PREPULL_PROGRESS_STALL_DETECTOR_H_
#define PREPULL_PROGRESS_STALL_DETECTOR_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/runtime/downloads.h"

namespace prepull {

// What is known of a running attempt, besides its downloads.
struct AttemptView {
  Instant started;
  // The layers and the config of its manifest; null while that is unknown.
  const std::vector<std::string>* blobs = nullptr;
  Instant blobs_known_since = {};  // before `started` for most retries
  bool all_blobs_present = false;
  // How long its downloads may rest: --stall-timeout at first, then what
  // NextWindow says. Greater than zero.
  absl::Duration window = absl::Seconds(5);
};

enum class Verdict {
  kLeaveAlone,    // it moves, or waits on a node that moves
  kStalled,       // cut it
  kUnpacking,     // only the overall deadline ends it
  kPlainTimeout,  // nothing of it can be seen: its attempt timeout applies
};

class StallDetector {
 public:
  // `node_slots`: how many downloads the runtime allows at once for the whole
  // node; 0 = no such limit.
  explicit StallDetector(int node_slots = 0) : node_slots_(node_slots) {}

  // Takes in what the runtime lists at `now`, each digest once; `now` never
  // goes back.
  //
  // Also once after a cut, before the next attempt: a cancelled download
  // writes down the rest of its step.
  void Observe(Instant now, const std::vector<OpenDownload>& listed);

  // As of the last Observe, so that a listing which is late cuts nothing.
  Verdict Judge(const AttemptView& attempt) const;

  // Whether the download has been seen to move after `since`.
  bool RoseSince(const std::string& digest, Instant since) const;

  // The same, or unknown because no list was taken before `since`.
  bool MayHaveGrownSince(const std::string& digest, Instant since) const;

  // Whether an open download has not moved for so long; nothing as long as no
  // download of layers has been seen, because a snapshotter may hide its own.
  std::optional<bool> HasResting(absl::Duration time) const;

  // How long a download may rest beside what moves on the node: `window`, or
  // four fair steps if that is longer.
  absl::Duration RestLimit(absl::Duration window) const;

 private:
  struct Download {
    Instant seen = {};       // first, since it is open
    Instant last_seen = {};  // open
    int64_t offset_bytes = 0;
    std::optional<Instant> rose = {};     // last
    std::optional<Instant> stepped = {};  // rose by a step or more, last
    std::optional<Instant> left = {};     // the list: finished or given up
    bool is_listed = false;               // while Observe reads the list
  };

  struct Gain {
    Instant at;
    int64_t bytes;
  };

  int64_t Take(const OpenDownload& listed);
  void MarkUnlisted();
  bool SlotsAreTaken(absl::Duration patience) const;
  absl::Duration FairStep() const;

  int node_slots_;
  Instant observed_;
  absl::flat_hash_map<std::string, Download> downloads_;
  bool has_stepped_ = false;  // one of them, ever
  // Of the last 30 s.
  std::deque<Gain> gains_;
  // Time that a fair share of the node's rate needs for a step; zero if
  // nothing moved for 30 s.
  absl::Duration fair_step_;
  Instant node_moves_until_ = Instant(-absl::InfiniteDuration());
};

// The window of the attempt after a cut one that took `took` and gained
// `gained_bytes` (what it wrote down when it was cancelled included).
//
// The time of four steps at its average rate, so that a stall after good
// progress is noticed as fast as the first one and a very slow link gets
// through; at most twice `last_window` and 5 min, so that a dead registry is
// asked ever more rarely; at least `stall_timeout`.
absl::Duration NextWindow(absl::Duration last_window,
                          absl::Duration stall_timeout, int64_t gained_bytes,
                          absl::Duration took);

}  // namespace prepull

#endif  // PREPULL_PROGRESS_STALL_DETECTOR_H_
