// Leases keep what was downloaded from the runtime's garbage collector.
//
// Threads: all methods are safe to call from any thread.
// Source: github.com/containerd/containerd, docs/garbage-collection.md
#ifndef PREPULL_RUNTIME_LEASES_H_
#define PREPULL_RUNTIME_LEASES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "prepull/runtime/running_call.h"

namespace prepull {

struct Lease {
  std::string id;
  std::string list = "";  // ListHash of the images that it is for
  absl::Time expires = absl::InfiniteFuture();
};

// What a lease keeps.
struct LeaseResource {
  enum class Kind { kBlob, kDownload, kOther };

  std::string id;
  std::string type;  // the runtime's word
  Kind kind = Kind::kOther;
};

class Leases {
 public:
  virtual ~Leases() = default;

  // Whether the runtime offers the service. Errors: UNIMPLEMENTED  it does not;
  // others as the runtime says.
  virtual absl::Status Probe(const CallLimit& limit) = 0;

  // A lease that exists already is OK, and stays as it is.
  virtual std::unique_ptr<RunningCall> Create(const Lease& lease,
                                              absl::Duration timeout,
                                              CallDone done) = 0;

  // Returns all leases for `list`; their expiry is not told.
  virtual std::unique_ptr<RunningCall> Find(
      const std::string& list, absl::Duration timeout,
      AnswerDone<std::vector<Lease>> done) = 0;

  virtual std::unique_ptr<RunningCall> Resources(
      const std::string& lease_id, absl::Duration timeout,
      AnswerDone<std::vector<LeaseResource>> done) = 0;

  virtual std::unique_ptr<RunningCall> AddResource(
      const std::string& lease_id, const LeaseResource& resource,
      absl::Duration timeout, CallDone done) = 0;

  // `collect`: ends when what only the lease kept is gone. A lease that does
  // not exist is OK.
  virtual std::unique_ptr<RunningCall> Delete(const std::string& lease_id,
                                              bool collect,
                                              absl::Duration timeout,
                                              CallDone done) = 0;
};

}  // namespace prepull

#endif  // PREPULL_RUNTIME_LEASES_H_
