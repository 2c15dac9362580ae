// The lock that containerd takes on a download while a client writes it.
//
// Content/Write opens a download and keeps it locked for as long as its stream
// lasts; every other client that opens it gets UNAVAILABLE, "locked". Whoever
// holds the lock may throw the download away (Content/Abort alone would do so
// under the hands of a writer), and a lock that goes with its process, kill -9
// included, tells others that the process lives. No byte is ever written.
// Threads: from any.
// Source: containerd, api/services/content/v1 and plugins/content/local; seen
// on 1.6.20, 1.7.24 and 2.1.9.
#ifndef PREPULL_SRC_RUNTIME_DOWNLOAD_LOCK_H_
#define PREPULL_SRC_RUNTIME_DOWNLOAD_LOCK_H_

#include <memory>
#include <string>

#include "containerd/content.grpc.pb.h"
#include "prepull/runtime/downloads.h"
#include "src/runtime/call_queue.h"

namespace prepull {

// A download, and the way to it; what is referred to outlives the calls.
struct DownloadRef {
  containerd::services::content::v1::Content::Stub& content;
  CallQueue& calls;
  std::string ref;
};

// As Downloads has them.
std::unique_ptr<RunningCall> DropDownload(const DownloadRef& download,
                                          absl::Duration timeout,
                                          CallDone done);
std::unique_ptr<RunningCall> HoldDownload(const DownloadRef& download,
                                          const std::string& lease_id);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_DOWNLOAD_LOCK_H_
