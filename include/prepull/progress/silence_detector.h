// Tells slow connections of a runtime from stuck ones, and says which to end.
//
// Fed with all connections of the runtime, about once a second. A connection
// either waits for a response or is in a body. One that is in a body and silent
// is ended: the runtime asks for the rest, and no byte is lost. One that waits
// is given far longer, because a request without its response fails the whole
// pull. What the runtime asks for after an end may be the rest of a body; if
// the runtime continues a body a second time only after 1 MiB or a minute, it
// is spared until then. Pure: time comes in. Not thread-safe. Source:
// https://github.com/containers/image, docker/body_reader.go
#ifndef PREPULL_PROGRESS_SILENCE_DETECTOR_H_
#define PREPULL_PROGRESS_SILENCE_DETECTOR_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/runtime/connections.h"

namespace prepull {

// A connection to end.
struct StuckConnection {
  uint64_t id = 0;
  std::string peer = "";
  bool in_body = false;  // else it waits for a response
  absl::Duration silent_for = absl::ZeroDuration();
  int64_t received_bytes = 0;  // since it was seen first
};

class SilenceDetector {
 public:
  struct Options {
    // How long a body may be silent at first; greater than zero.
    absl::Duration stall_timeout = absl::Seconds(5);
    // Whether a body is continued only 1 MiB or a minute after the last time.
    bool resumes_rarely = true;
  };

  explicit SilenceDetector(const Options& options) : options_(options) {}

  // What else is known when the connections are listed.
  struct Surroundings {
    // How long a response may take.
    absl::Duration response_timeout = absl::Seconds(30);
    // Whether a download of the node rests, if the runtime shows them: if none
    // does, a silent connection is idle.
    std::optional<bool> has_resting_download = std::nullopt;
  };

  // Takes in all connections at `now`, which never goes back. Returns those to
  // end.
  std::vector<StuckConnection> Observe(
      Instant now, const std::vector<Connection>& connections,
      const Surroundings& surroundings);

  // When a body will be stuck that receives nothing until then.
  Instant NextStuck() const { return next_stuck_; }

  // The connection was ended.
  void OnEnded(Instant now, uint64_t id);

  // A pull failed because the registry did not continue a body: whom the last
  // ends concerned is not ended again.
  void OnNotContinued(Instant now);

  // When data came last; Instant() before any did.
  Instant moved_at() const { return moved_at_; }

  // Whether nothing is waited for: there is no connection, or only idle ones.
  bool is_idle() const { return seen_.empty() || is_idle_; }

  // What all connections received since they were seen first.
  int64_t received_bytes() const { return received_bytes_; }

 private:
  struct Seen {
    std::string peer;
    Instant opened;               // or seen at the first look
    int64_t opened_at_bytes = 0;  // what had come by then
    int64_t received_bytes = 0;
    Instant came;          // the last data
    Instant asked;         // the last data that was sent: a request
    bool in_body = false;  // data came since then
    // What had come when it was sent: between the two, because requests are
    // seen a little later.
    int64_t least_before_bytes = 0;
    int64_t most_before_bytes = 0;
    absl::Duration window;  // how long a body may be silent
    // It may go on with a body whose connection was ended.
    bool is_successor = false;
    std::optional<Instant> answered = std::nullopt;  // seen first in a body
    bool is_listed = false;  // while Observe reads the list
  };

  struct Gain {
    Instant at;
    int64_t bytes;
  };

  struct Ended {
    Instant at;
    std::string peer;
    absl::Duration next_window;
  };

  void Take(Instant now, const Connection& listed);
  static bool IsInBody(const Seen& seen, const Connection& listed);
  void OnRequest(Seen& seen, Instant asked) const;
  void TakeGain(Instant now, int64_t bytes);
  absl::Duration FairShare(Instant now) const;
  bool IsSpared(const Seen& seen, Instant now) const;
  absl::Duration WindowAfter(const Seen& seen) const;
  // How long its body may be silent now, and since when it is.
  absl::Duration Patience(const Seen& seen) const;
  static Instant SilentSince(const Seen& seen);
  std::optional<absl::Duration> StuckFor(
      const Seen& seen, Instant now, const Surroundings& surroundings) const;

  const Options options_;
  bool has_observed_ = false;
  absl::flat_hash_map<uint64_t, Seen> seen_;  // by id
  std::deque<Gain> gains_;                    // of the last 30 s
  std::deque<Ended> ended_;                   // of the last 30 s
  std::set<std::string> not_continued_;       // peers
  Instant moved_at_ = Instant();
  int64_t received_bytes_ = 0;
  absl::Duration fair_share_;
  Instant next_stuck_ = Instant::Never();
  bool is_idle_ = false;
};

}  // namespace prepull

#endif  // PREPULL_PROGRESS_SILENCE_DETECTOR_H_
