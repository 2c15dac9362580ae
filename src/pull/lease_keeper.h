// The lease that keeps what a run downloads from the runtime's garbage
// collector, so that no byte is lost when a pull is cut or the run killed.
//
// Every run has a lease of its own, labelled with its list. At the start the
// leases that earlier runs of the list left are found, and what they keep is
// taken over: that is how a run resumes. A runtime without leases is none of
// the run's trouble: lease_id() is empty then.
// Not thread-safe. Its calls block, for seconds at most.
// Source: github.com/containerd/containerd, docs/garbage-collection.md
#ifndef PREPULL_PULL_LEASE_KEEPER_H_
#define PREPULL_PULL_LEASE_KEEPER_H_

#include <stop_token>
#include <string>
#include <vector>

#include "prepull/image/image_request.h"
#include "prepull/pull/run.h"
#include "prepull/runtime/runtime_extension.h"

namespace prepull {

// What becomes of the leases when a run ends.
enum class LeaseFate {
  kKeep,        // the run can be continued
  kDeleteOwn,   // it ended for good
  kCollectOwn,  // for lack of space: return when the space is free
  kDeleteAll,   // every image is there: nobody needs them
};

class LeaseKeeper {
 public:
  // `extension` may be null.
  LeaseKeeper(RuntimeExtension* extension,
              const std::vector<ImageRequest>& requests, const Run& run);

  // Creates the lease and takes over what is there. Without a word if the
  // runtime has no leases, with a warning if they fail.
  void Begin(const std::stop_token& stop);

  // The lease was deleted under the run (by one that found the list
  // complete): creates it again.
  void Renew(const std::stop_token& stop);

  // No pull of ours may be running: a pull whose lease is deleted goes on
  // invisibly and then fails. A stop ends the wait for freed space.
  void End(LeaseFate fate, const std::stop_token& stop);

  // Empty if there is none.
  const std::string& lease_id() const { return lease_id_; }

 private:
  Lease OwnLease() const;
  void TakeOver(const std::stop_token& stop);
  void Delete(const std::string& id, bool collect, const std::stop_token& stop);

  RuntimeExtension* const extension_;
  const Run& run_;
  const std::string list_hash_;
  std::string lease_id_;
};

// The same for the same images in any order and spelling.
std::string ListHash(const std::vector<ImageRequest>& requests);

}  // namespace prepull

#endif  // PREPULL_PULL_LEASE_KEEPER_H_
