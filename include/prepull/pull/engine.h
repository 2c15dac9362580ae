// Gets a list of images onto the node, whatever it takes, until the deadline.
//
// One thread: it asks the node what it holds, plans, keeps the pool full,
// sleeps until something is due, and in the end looks at the node again. All
// waits end at once on stop. Every rule of retrying, timeouts and gates is a
// pure class beside this one.
#ifndef PREPULL_PULL_ENGINE_H_
#define PREPULL_PULL_ENGINE_H_

#include <stop_token>
#include <vector>

#include "prepull/list/image_request.h"
#include "prepull/node/run_context.h"
#include "prepull/run/pull_options.h"
#include "prepull/run/run.h"

namespace prepull {

// Enters `requests`, which are unique, into `run`: each is Waiting, and what
// is malformed has Failed already.
void EnterList(const std::vector<ImageRequest>& requests, Run& run);

// Pulls what `run` is waiting for and fills it in up to its exit code. It has
// taken `requests`; its start and overall timeout are known.
void FetchImages(const std::vector<ImageRequest>& requests,
                 const PullOptions& options, const RunContext& context,
                 const std::stop_token& stop, Run& run);

// For a run that ends for lack of space before its first pull: frees what
// earlier runs of this list keep and no run will continue. Takes two minutes at
// most, a moment after a stop; calls no observer.
void FreeDownloads(const std::vector<ImageRequest>& requests,
                   const RunContext& context, const std::stop_token& stop,
                   const Run& run);

}  // namespace prepull

#endif  // PREPULL_PULL_ENGINE_H_
