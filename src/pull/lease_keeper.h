// The lease that keeps what a run downloads from the runtime's garbage
// collector, so that no byte is lost when a pull is cut or the run killed.
//
// Every run has a lease of its own, labelled with its list. At the start what
// the leases of earlier runs of the list keep is taken over, and those leases
// are deleted: that is how a run resumes. A runtime without leases is fine:
// lease_id() is empty then.
//
// Runs of one list may overlap, and no run may take the lease of another that
// is alive. Pods on a node share no process ids, files or sockets but the
// runtime's, and the wall clock may jump. So a run holds a download that has
// the id of its lease open for as long as it lives (Downloads::Hold): the
// runtime locks it, and lets go of it when the process is gone, kill -9
// included. A lease whose download can be dropped has no living owner.
//
// Not thread-safe. Begin and End block; meanwhile the run's observers turn.
// Source: github.com/containerd/containerd, docs/garbage-collection.md
#ifndef PREPULL_SRC_PULL_LEASE_KEEPER_H_
#define PREPULL_SRC_PULL_LEASE_KEEPER_H_

#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "prepull/list/image_request.h"
#include "prepull/node/call_budget.h"
#include "prepull/pull/engine.h"
#include "prepull/runtime/downloads.h"
#include "prepull/runtime/leases.h"

namespace prepull {

// What becomes of the leases when a run ends.
enum class LeaseFate {
  kKeep,       // the run can be continued
  kDelete,     // it ended for good: its own goes, and those of dead runs
  kCollect,    // the same for lack of space: return when the space is free
  kDeleteAll,  // every image is there: no run needs them
};

class LeaseKeeper {
 public:
  // What it gets by reference outlives it; the runtime may lack leases.
  LeaseKeeper(const RunContext& context,
              const std::vector<ImageRequest>& requests, const Run& run);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // Creates the lease and takes over what is there, until the run's deadline
  // at most. Silent if the runtime has no leases; warns if they fail.
  void Begin(const std::stop_token& stop);

  // The lease was deleted under the run (by another, which found the list
  // complete): creates it again, without waiting for that.
  void Renew();

  // No pull of ours may be running: a pull whose lease is deleted goes on
  // invisibly and then fails. A stop ends the wait for freed space.
  void End(LeaseFate fate, const std::stop_token& stop);

  // Empty if there is none.
  const std::string& lease_id() const { return lease_id_; }

 private:
  struct Taken;

  template <typename Answer, typename Start>
  Answer Ask(absl::Duration timeout, Start start);
  Lease OwnLease() const;
  absl::StatusOr<std::vector<Lease>> FindLeases();
  void AdoptLeases();
  bool AdoptResources(const std::string& lease_id, Taken& taken);
  bool IsAlive(const std::string& lease_id);
  void DeleteOthers(bool also_alive);
  void Delete(const std::string& id, bool collect);

  const RunContext& context_;
  Leases* const leases_;        // null: the runtime has none
  Downloads* const downloads_;  // null: the same
  const Run& run_;
  const std::string list_hash_;
  std::string lease_id_;
  std::unique_ptr<RunningCall> sign_of_life_;
  std::optional<CallBudget> budget_;  // of Begin or End while they run
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_LEASE_KEEPER_H_
