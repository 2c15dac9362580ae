// One run over one list: what is known of it at any moment, from the first
// status file to the last word.
//
// The engine and the commands move it on by its verbs, observers and reports
// read it. What is told of one image (ImageOutcome) is open data, but for its
// state.
//
// Threads: owned by the thread that runs the engine; others get copies.
#ifndef PREPULL_RUN_RUN_H_
#define PREPULL_RUN_RUN_H_

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/run/exit_code.h"
#include "prepull/run/reason.h"

namespace prepull {

enum class ImageState {
  kWaiting,  // for its first attempt or its next one
  kPulling,
  kPulled,
  kSkipped,  // was on the node already
  kFailed,
  kStopped,  // the run ended before the image did: can be continued
};

enum class Phase {
  kPreparing,
  kPulling,
  kSucceeded,
  kFailed,
  kTimedOut,
  kInterrupted,
};

// "Waiting", "Preparing" and so on.
absl::string_view StateName(ImageState state);
absl::string_view PhaseName(Phase phase);

// Whether this state is an image's last.
bool IsFinal(ImageState state);

// The state of an image in its run, which counts its images by it: read as an
// ImageState, changed by Run::Move alone.
class CountedState {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for an ImageState
  CountedState(ImageState state) : state_(state) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator ImageState() const { return state_; }

 private:
  friend class Run;
  CountedState& operator=(ImageState state) {
    state_ = state;
    return *this;
  }

  ImageState state_;
};

// One image of the list.
struct ImageOutcome {
  std::string image = "";   // the text of the list, printable
  std::string origin = "";  // "images.txt:3"
  // The name it is pulled under, if that was rewritten.
  std::string pulled_as = "";
  CountedState state = ImageState::kWaiting;
  int attempts = 0;
  std::optional<Instant> started_at = std::nullopt;  // of the first attempt
  absl::Duration took = absl::ZeroDuration();        // set at the end
  // While it waits for a retry: the earliest moment of it.
  std::optional<Instant> next_attempt_at = std::nullopt;
  int64_t bytes_done = 0;
  std::optional<int64_t> bytes_total = std::nullopt;
  std::optional<int64_t> size_bytes = std::nullopt;  // as the runtime has it
  std::string image_ref = "";                        // the runtime's name
  bool pinned = false;
  // What it was built for, "linux/arm64"; empty = not known. Only of an image
  // that this run has pulled.
  std::string platform = "";
  // Why no pod can use it although it is on the node; found after its end.
  std::string warning = "";
  Reason reason = Reason::kNone;  // of the last attempt that failed
  std::string message = "";
};

// How many bytes are on the node of how many; unknown until everything that
// counts towards the total is known.
struct ByteCount {
  int64_t done = 0;
  std::optional<int64_t> total = std::nullopt;
};

// How many images are in each state; always in step with the images.
struct ImageCounts {
  int64_t waiting = 0;
  int64_t pulling = 0;
  int64_t pulled = 0;
  int64_t skipped = 0;
  int64_t failed = 0;
  int64_t stopped = 0;

  int64_t present() const { return pulled + skipped; }
  int64_t ended() const { return present() + failed + stopped; }
  int64_t all() const { return ended() + waiting + pulling; }
};

// Where a download goes on that broke off.
enum class Resume {
  kNever,
  kWithinPull,  // a cut pull starts from zero
  kAlways,      // also in the next pull
};

// What a runtime offers beyond CRI.
struct RuntimeFeatures {
  bool byte_progress = false;  // what is downloaded can be seen
  Resume resume = Resume::kNever;
  bool pin = false;          // images can be kept from garbage collection
  bool connections = false;  // its connections can be seen, and ended
};

// The runtime as reports name it; empty until it is known.
struct RuntimeFacts {
  std::string name = "";
  std::string version = "";
  std::string socket = "";
  RuntimeFeatures features = {};  // those that this run uses
};

// What is known of a run before it does anything.
struct RunStart {
  std::string id = "";
  std::string node = "";
  std::string instance = "";
  // The same moment by the wall clock and by ours.
  absl::Time started_at = absl::UnixEpoch();
  Instant start = Instant();
  absl::Duration overall_timeout = absl::ZeroDuration();
};

// How a run ends.
struct RunEnd {
  ExitCode code = ExitCode::kOk;
  Phase phase = Phase::kSucceeded;
  // Why it ended with 2, 4, 5 or 70, or with 3 before there was a list.
  Reason reason = Reason::kNone;
  std::string message = "";
  bool tolerated = false;  // it succeeded although images failed
};

// All that a document tells of a run, wherever that is; see Run::Restore.
struct RunRecord {
  RunStart given = {};
  RuntimeFacts runtime = {};
  bool list_known = false;
  std::string list_hash = "";  // ListHash of the list
  std::vector<ImageOutcome> images = {};
  // Images of the list that the document had no room for.
  ImageCounts omitted = {};
  ByteCount bytes = {};
  int64_t ended_connections = 0;
  std::set<std::string> not_usable = {};

  Phase phase = Phase::kPreparing;
  std::optional<absl::Time> finished_at = std::nullopt;
  std::optional<ExitCode> exit_code = std::nullopt;
  Reason reason = Reason::kNone;
  std::string message = "";
  bool tolerated = false;
};

class Run {
 public:
  explicit Run(RunStart given = {}) { record_.given = std::move(given); }

  // Returns the run as it was recorded; the images are counted anew, and the
  // omitted ones with them.
  static Run Restore(RunRecord record);

  // Returns what is recorded of it; this one is used up.
  RunRecord Release() && { return std::move(record_); }

  const std::string& id() const { return record_.given.id; }
  const std::string& node() const { return record_.given.node; }
  const std::string& instance() const { return record_.given.instance; }
  absl::Time started_at() const { return record_.given.started_at; }
  Instant start() const { return record_.given.start; }
  absl::Duration overall_timeout() const {
    return record_.given.overall_timeout;
  }
  Instant deadline() const { return start() + overall_timeout(); }

  // How far it is, and how it ended: nothing, None and "" until it has.
  Phase phase() const { return record_.phase; }
  std::optional<absl::Time> finished_at() const { return record_.finished_at; }
  std::optional<ExitCode> exit_code() const { return record_.exit_code; }
  Reason reason() const { return record_.reason; }
  const std::string& message() const { return record_.message; }
  bool tolerated() const { return record_.tolerated; }

  // The list, in its order. What is told of an image may be written; the images
  // keep their places from EnterList on.
  bool list_known() const { return record_.list_known; }
  const std::string& list_hash() const { return record_.list_hash; }
  std::span<const ImageOutcome> images() const { return record_.images; }
  std::span<ImageOutcome> images() { return record_.images; }
  int64_t total() const { return counts_.all(); }
  const ImageCounts& counts() const { return counts_; }
  // Of `total`, those that are not among `images`: none, but in a run that was
  // restored from a document without room for all.
  int64_t omitted() const { return record_.omitted.all(); }

  const RuntimeFacts& runtime() const { return record_.runtime; }
  // For those who find out whether a feature can be used.
  RuntimeFeatures& features() { return record_.runtime.features; }
  const RuntimeFeatures& features() const { return record_.runtime.features; }

  // Of the images that this run pulls; a layer that several of them share
  // counts once, so this is no sum over `images`.
  const ByteCount& bytes() const { return record_.bytes; }

  // How many connections of the runtime were ended because they were stuck.
  int64_t ended_connections() const { return record_.ended_connections; }

  // What failed pulls of this run and earlier ones left on the node so that no
  // pod can use it (normalised names): to be removed and pulled anew.
  const std::set<std::string>& not_usable() const { return record_.not_usable; }

  // The list is known, and its ListHash: once in a run.
  void EnterList(std::vector<ImageOutcome> images, std::string hash = "");

  // The runtime is known.
  void EnterRuntime(RuntimeFacts runtime);

  // The plan stands.
  void BeginPulling() { record_.phase = Phase::kPulling; }

  // Moves `image`, one of `images`, to `state` and keeps the counts in step.
  void Move(ImageOutcome& image, ImageState state);

  void UpdateBytes(const ByteCount& bytes) { record_.bytes = bytes; }

  void CountEndedConnection() { ++record_.ended_connections; }

  void MarkNotUsable(const std::string& name);
  // Nothing unusable of `name` is on the node any more.
  void ClearNotUsable(const std::string& name);

  // Ends the run at the wall time `at`.
  void End(const RunEnd& end, absl::Time at);

  // The same in the middle of it: images without an end of their own are
  // Stopped, for `why`. `now` and `at` are the same moment.
  void BreakOff(const RunEnd& end, Reason why, Instant now, absl::Time at);

 private:
  RunRecord record_;
  ImageCounts counts_;
};

}  // namespace prepull

#endif  // PREPULL_RUN_RUN_H_
