// Whether the images that a run has pulled were built for this node: a
// registry may serve a manifest for another architecture under a plain tag,
// and runtimes pull it silently although no pod can run it.
//
// Only a warning: the image is what was asked for. Images that were on the
// node before are not asked about, so that a run with nothing to pull stays
// as cheap as one listing.
// Not thread-safe.
#ifndef PREPULL_SRC_PULL_PLATFORM_CHECK_H_
#define PREPULL_SRC_PULL_PLATFORM_CHECK_H_

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/pull/engine.h"
#include "prepull/run/run.h"

namespace prepull {

// By the runtime's id of an image, the images of the run that are this one.
using ImagesById = std::map<std::string, std::vector<ImageOutcome*>>;

// Asks the runtime about each of `images`, a few at a time, and enters the
// answers that come before `until` and `stop` into them; warns of those that
// this node cannot run.
void CheckPlatforms(const ImagesById& images, const RunContext& context,
                    const std::stop_token& stop, Instant until, const Run& run);

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_PLATFORM_CHECK_H_
