// What containerd offers beyond CRI on the same socket: leases that keep what
// was downloaded, the downloads under way, what its content store holds, and
// labels on image records.
//
// Everything is in containerd's namespace k8s.io. A runtime without it
// answers UNIMPLEMENTED, and everything works without. A callback comes once,
// on another thread: with the answer, with DEADLINE_EXCEEDED after the call's
// `timeout` or with CANCELLED after Cancel.
// Threads: all methods are safe to call from any thread.
// Source: containerd.services.{leases,content,images}.v1
#ifndef PREPULL_RUNTIME_RUNTIME_EXTENSION_H_
#define PREPULL_RUNTIME_RUNTIME_EXTENSION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/runtime/running_call.h"

namespace prepull {

using Labels = std::map<std::string, std::string>;

// Keeps content from the garbage collector while it exists.
struct Lease {
  std::string id;
  Labels labels = {};
};

// What a lease keeps: type "content", "ingests" or "snapshots/NAME".
struct LeaseResource {
  std::string id;
  std::string type;
};

// A download under way. The offset moves in steps of 1 MiB.
struct OpenDownload {
  std::string digest;  // "sha256:..."
  int64_t offset_bytes = 0;
  std::string ref = "";  // the runtime's name for it, "layer-sha256:..."
};

// A blob in the content store.
struct StoredBlob {
  std::string digest;
  int64_t size_bytes = 0;
  // When it was whole, by the runtime's wall clock; a pull that finds it there
  // leaves it as it is.
  absl::Time created_at = absl::InfinitePast();
  Labels labels = {};
};

// A named image record; `name` is a tag, repo@digest or an image id.
struct ImageRecord {
  std::string name;
  Labels labels = {};
};

class RuntimeExtension {
 public:
  // A synchronous call may take this long; UpdateRecordLabels makes two.
  struct Limit {
    absl::Duration timeout = absl::Seconds(10);
    std::stop_token stop = {};
  };
  template <typename Answer>
  using Done = std::function<void(absl::StatusOr<Answer>)>;
  using Finished = std::function<void(absl::Status)>;

  virtual ~RuntimeExtension() = default;

  // Whether the runtime has it. Errors: UNIMPLEMENTED  it has not; others as
  // the runtime says.
  virtual absl::Status Probe(const Limit& limit) = 0;

  // A lease that is there already is OK; its labels stay as they are.
  virtual std::unique_ptr<RunningCall> CreateLease(const Lease& lease,
                                                   absl::Duration timeout,
                                                   Finished done) = 0;

  // All leases whose label `key` is `value`.
  virtual std::unique_ptr<RunningCall> FindLeases(
      const std::string& key, const std::string& value, absl::Duration timeout,
      Done<std::vector<Lease>> done) = 0;

  virtual std::unique_ptr<RunningCall> LeaseResources(
      const std::string& lease_id, absl::Duration timeout,
      Done<std::vector<LeaseResource>> done) = 0;

  virtual std::unique_ptr<RunningCall> AddLeaseResource(
      const std::string& lease_id, const LeaseResource& resource,
      absl::Duration timeout, Finished done) = 0;

  // `collect`: ends when what only the lease kept is gone. A lease that is
  // not there is OK.
  virtual std::unique_ptr<RunningCall> DeleteLease(const std::string& lease_id,
                                                   bool collect,
                                                   absl::Duration timeout,
                                                   Finished done) = 0;

  // All downloads of the node that are under way, layers, manifests and all.
  virtual std::unique_ptr<RunningCall> ListDownloads(
      absl::Duration timeout, Done<std::vector<OpenDownload>> done) = 0;

  // Throws away what the download `ref` has so far, unless somebody is writing
  // it: whoever asks for it next begins at byte 0. The runtime reads what is
  // there first (about 600 MB/s). One that is not there is OK.
  // Errors: UNAVAILABLE  somebody is writing it, or the runtime is gone.
  virtual std::unique_ptr<RunningCall> DropDownload(const std::string& ref,
                                                    absl::Duration timeout,
                                                    Finished done) = 0;

  // Keeps `ref` open as a download of the lease until Cancel or until this
  // process is gone, however that ends: as long as DropDownload finds it being
  // written. Begins anew after a restart of the runtime.
  virtual std::unique_ptr<RunningCall> HoldDownload(
      const std::string& ref, const std::string& lease_id) = 0;

  // The blobs that came from `repository` ("team/app") of a registry host
  // (without its port): manifests have labels that name their layers.
  virtual std::unique_ptr<RunningCall> FindBlobs(
      const std::string& host, const std::string& repository,
      absl::Duration timeout, Done<std::vector<StoredBlob>> done) = 0;

  // The blob `digest`. Errors: NOT_FOUND  the store does not have it whole.
  virtual std::unique_ptr<RunningCall> FindBlob(const std::string& digest,
                                                absl::Duration timeout,
                                                Done<StoredBlob> done) = 0;

  // The bytes of the blob `digest`, at most 8 MiB. Errors: NOT_FOUND;
  // RESOURCE_EXHAUSTED  it is larger.
  virtual std::unique_ptr<RunningCall> ReadBlob(const std::string& digest,
                                                absl::Duration timeout,
                                                Done<std::string> done) = 0;

  // All image records that have the label `key`.
  virtual absl::StatusOr<std::vector<ImageRecord>> RecordsWithLabel(
      const std::string& key, const Limit& limit) = 0;

  // Sets and removes labels of the record `name`, and nothing else of it: the
  // record is read first and goes back whole, because containerd 1.7.24 and
  // 2.1.9 die of an update without a target. Errors: NOT_FOUND.
  virtual absl::Status UpdateRecordLabels(
      const std::string& name, const Labels& set,
      const std::vector<std::string>& removed, const Limit& limit) = 0;
};

}  // namespace prepull

#endif  // PREPULL_RUNTIME_RUNTIME_EXTENSION_H_
