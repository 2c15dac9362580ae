// One run over one list: what is known of it at any moment, from the first
// status file to the last word.
//
// The engine fills it in, observers and reports read it. Open data, owned by
// the thread that runs the engine.
#ifndef PREPULL_RUN_RUN_H_
#define PREPULL_RUN_RUN_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
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

// One image of the list.
struct ImageOutcome {
  std::string image = "";   // the text of the list, printable
  std::string origin = "";  // "images.txt:3"
  // The name it is pulled under, if that was rewritten.
  std::string pulled_as = "";
  ImageState state = ImageState::kWaiting;
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
};

// What a runtime offers beyond CRI.
struct RuntimeFeatures {
  bool byte_progress = false;  // tells how far each download is
  bool resume = false;         // a cut pull goes on where it stopped
  bool pin = false;            // images can be kept from garbage collection
};

// The runtime as reports name it; empty until it is known.
struct RuntimeFacts {
  std::string name = "";
  std::string version = "";
  std::string socket = "";
  RuntimeFeatures features = {};  // those that this run uses
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

struct Run {
  std::string id = "";
  std::string node = "";
  std::string instance = "";

  absl::Time started_at = absl::UnixEpoch();
  std::optional<absl::Time> finished_at = std::nullopt;
  Instant start = Instant();
  absl::Duration overall_timeout = absl::ZeroDuration();

  RuntimeFacts runtime = {};
  bool list_known = false;
  std::vector<ImageOutcome> images = {};
  ImageCounts counts = {};
  // What failed pulls of this run and earlier ones left on the node so that no
  // pod can use it (normalised names): to be removed and pulled anew.
  std::set<std::string> not_usable = {};
  // Of the images that this run pulls; a layer that several of them share
  // counts once, so this is no sum over `images`.
  ByteCount bytes = {};

  // How far it is and how it ended: written by the verbs below.
  Phase phase = Phase::kPreparing;
  std::optional<ExitCode> exit_code = std::nullopt;
  Reason reason = Reason::kNone;
  std::string message = "";
  bool tolerated = false;

  int64_t total() const { return static_cast<int64_t>(images.size()); }

  Instant deadline() const { return start + overall_timeout; }

  // Moves `image`, one of `images`, to `state` and keeps the counts in step.
  void Move(ImageOutcome& image, ImageState state);

  // The plan stands.
  void BeginPulling() { phase = Phase::kPulling; }

  // Ends the run at the wall time `at`.
  void End(const RunEnd& end, absl::Time at);

  // The same in the middle of it: images without an end of their own are
  // Stopped, for `why`. `now` and `at` are the same moment.
  void BreakOff(const RunEnd& end, Reason why, Instant now, absl::Time at);
};

}  // namespace prepull

#endif  // PREPULL_RUN_RUN_H_
