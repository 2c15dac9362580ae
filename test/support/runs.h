// Runs in the middle of their work, as reports see them.
#ifndef PREPULL_TEST_SUPPORT_RUNS_H_
#define PREPULL_TEST_SUPPORT_RUNS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "prepull/run/run.h"

namespace prepull {

// A run whose list is `images`.
inline Run RunOf(std::vector<ImageOutcome> images) {
  return Run::Restore({.list_known = true, .images = std::move(images)});
}

// A run of images without names: so many in each state.
inline Run RunWith(const ImageCounts& counts) {
  std::vector<ImageOutcome> images;
  const auto add = [&images](int64_t count, ImageState state) {
    images.resize(images.size() + count, {.state = state});
  };
  add(counts.waiting, ImageState::kWaiting);
  add(counts.pulling, ImageState::kPulling);
  add(counts.pulled, ImageState::kPulled);
  add(counts.skipped, ImageState::kSkipped);
  add(counts.failed, ImageState::kFailed);
  add(counts.stopped, ImageState::kStopped);
  return RunOf(std::move(images));
}

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_RUNS_H_
