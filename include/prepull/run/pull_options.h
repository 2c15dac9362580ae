// How a run pulls; what the flags of fetch set.
#ifndef PREPULL_RUN_PULL_OPTIONS_H_
#define PREPULL_RUN_PULL_OPTIONS_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "prepull/list/image_request.h"

namespace prepull {

struct RetryOptions {
  absl::Duration first_timeout = absl::Seconds(30);
  absl::Duration max_timeout = absl::ZeroDuration();  // 0 = no cap
  absl::Duration first_delay = absl::Seconds(1);
  absl::Duration max_delay = absl::Minutes(1);
  int max_attempts = 0;  // 0 = until the overall deadline
};

// How many failed images a run may have and still succeed.
struct Tolerance {
  int64_t images = 0;
  int percent = 0;  // of the list's images, rounded down
  bool any = false;

  int64_t Of(int64_t total) const {
    return any ? total : std::max(images, total * percent / 100);
  }
};

struct PullOptions {
  int concurrency = 10;
  int registry_concurrency = 0;  // 0 = no limit of its own
  // Whether a pull whose download rests takes up no slot.
  bool lends_slots = false;
  // Of the pulls that run, so many may still download; 0 = all of them.
  int downloads = 0;
  // Whether no two pulls may fetch the same layer: only for a runtime that
  // shares no download between them.
  bool layer_order = false;
  PullPolicy policy = PullPolicy::kIfNotPresent;
  bool repull_present = false;  // remove what is on the node, pull it anew
  RetryOptions retry = {};
  // Where progress can be seen: without any for so long an attempt is ended.
  // 0 = progress is not looked at.
  absl::Duration stall_timeout = absl::Seconds(5);
  // Whether the runtime's connections are watched, and ended when stuck.
  bool watch_connections = true;
  // Whether it goes on with a download whose connection was ended, and if so
  // only 1 MiB or a minute after the last time.
  bool resumes_within_pull = false;
  bool resumes_rarely = false;
  // Downloads that the runtime does at once on the whole node, 0 = no limit.
  int node_download_slots = 0;
  absl::Duration start_jitter = absl::ZeroDuration();
  bool pin = false;  // keep the images from garbage collection
  Tolerance tolerance = {};
};

}  // namespace prepull

#endif  // PREPULL_RUN_PULL_OPTIONS_H_
