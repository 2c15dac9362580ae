// What fetch understands of the tools whose place it takes: image-prefetcher's
// flags and lifecycle-agent's environment.
#ifndef PREPULL_SRC_CLI_PEERS_H_
#define PREPULL_SRC_CLI_PEERS_H_

#include <string>

#include "absl/time/time.h"
#include "src/cli/fetch_options.h"

namespace prepull {

// Flags of image-prefetcher that have no meaning here yet or at all.
void AddPeerFlags(Command& command, PeerOptions& options);

// Takes PRECACHE_SPEC_FILE, MAX_PULL_THREADS, PULL_SECRET_PATH and
// PRECACHE_BEST_EFFORT where no flag or variable of our own says otherwise.
void TakePeerEnvironment(const Host& host, const Command& command,
                         FetchOptions& options);

// Says which of the given flags do nothing.
void WarnOfPeerFlags(const PeerOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_PEERS_H_
