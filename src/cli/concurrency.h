// What a runtime's version says about how many downloads it does at once. Pure.
#ifndef PREPULL_SRC_CLI_CONCURRENCY_H_
#define PREPULL_SRC_CLI_CONCURRENCY_H_

#include "prepull/run/run.h"

namespace prepull {

// 10; but 4 on containerd 2.1 and later, where one semaphore of 3 downloads
// serves the whole node and a longer queue of ours would delay the kubelet.
int AutoConcurrency(const RuntimeFacts& runtime);

// How many downloads the runtime does at once on the whole node; 0 = it limits
// them by image only.
int NodeDownloadSlots(const RuntimeFacts& runtime);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_CONCURRENCY_H_
