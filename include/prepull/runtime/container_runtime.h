// The container runtime of this node as a seam: what it is, what it holds, and
// pulls.
//
// What the engine asks while it runs is asynchronous, so that one thread can
// run a whole list of pulls and still hear its deadline. Such a call has no
// deadline of its own: the caller ends it. Its callback comes once, on another
// thread, and after Cancel as well (CANCELLED). What only some runtimes can do
// is in services of their own, each null where the runtime lacks it.
// Threads: all methods are safe to call from any thread.
// Source: the CRI ImageService, runtime.v1.
#ifndef PREPULL_RUNTIME_CONTAINER_RUNTIME_H_
#define PREPULL_RUNTIME_CONTAINER_RUNTIME_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/auth/credential.h"
#include "prepull/image/platform.h"
#include "prepull/runtime/downloads.h"
#include "prepull/runtime/image_records.h"
#include "prepull/runtime/leases.h"
#include "prepull/runtime/running_call.h"

namespace prepull {

struct RuntimeVersion {
  std::string name;     // "containerd", "cri-o"
  std::string version;  // "1.6.20~ds1", "v2.1.9": not strictly semantic
  std::string api_version = "";  // of CRI: "v1"
};

// An image the node holds.
struct StoredImage {
  std::string id = "";
  std::vector<std::string> repo_tags = {};
  std::vector<std::string> repo_digests = {};
  int64_t size_bytes = 0;
  bool pinned = false;
};

// A file system that holds images.
struct ImageFileSystem {
  std::string mountpoint;   // a path on the host, as the runtime says it
  int64_t image_bytes = 0;  // what the images take of it
};

struct PullRequest {
  std::string image;          // the text of the list
  std::string lease_id = "";  // keeps what was downloaded; empty = none
  std::optional<Credential> credential = std::nullopt;  // none = anonymous
};

class ContainerRuntime {
 public:
  // Gets the runtime's own name for the image (PullImageResponse.image_ref).
  using PullDone = std::function<void(absl::StatusOr<std::string> image_ref)>;
  using ListDone =
      std::function<void(absl::StatusOr<std::vector<StoredImage>>)>;
  using PlatformDone =
      std::function<void(absl::StatusOr<std::optional<Platform>>)>;
  using Done = std::function<void(absl::Status)>;

  virtual ~ContainerRuntime() = default;

  // Returns name and version. Errors:
  //   UNAVAILABLE        nothing listens on the socket
  //   DEADLINE_EXCEEDED  no answer within `timeout`
  //   UNIMPLEMENTED      it does not implement CRI v1
  //   CANCELLED          `stop` was requested
  virtual absl::StatusOr<RuntimeVersion> Version(
      absl::Duration timeout, const std::stop_token& stop) = 0;

  // Where the images are. Errors as for Version.
  virtual absl::StatusOr<std::vector<ImageFileSystem>> ImageFileSystems(
      absl::Duration timeout, const std::stop_token& stop) = 0;

  // Gets all images of the node. Errors: what the runtime reports;
  //   UNAVAILABLE  nothing listens on the socket
  virtual std::unique_ptr<RunningCall> ListImages(ListDone done) = 0;

  // Gets the platform that the image with this id was built for; nothing if
  // its config does not say. Errors as for ListImages; NOT_FOUND  there is no
  // such image.
  virtual std::unique_ptr<RunningCall> GetPlatform(const std::string& id,
                                                   PlatformDone done) = 0;

  // Starts a pull. Errors: what the runtime reports, with its text;
  //   CANCELLED    Cancel was called
  //   ABORTED      the runtime gave up by itself
  //   UNAVAILABLE  nothing listens on the socket
  virtual std::unique_ptr<RunningCall> StartPull(const PullRequest& request,
                                                 PullDone done) = 0;

  // Removes the image with this id under all its names, also while containers
  // use it. One that is not there is OK.
  virtual std::unique_ptr<RunningCall> RemoveImage(const std::string& id,
                                                   Done done) = 0;

  // Ends OK as soon as the runtime answers, however long that takes; with
  // CANCELLED after Cancel. For a runtime that went away.
  virtual std::unique_ptr<RunningCall> AwaitAnswer(Done done) = 0;

  // Optional services, which live as long as this; null before Version was
  // answered, and where the runtime lacks them.
  virtual Leases* leases() = 0;
  virtual Downloads* downloads() = 0;
  virtual ImageRecords* image_records() = 0;
};

}  // namespace prepull

#endif  // PREPULL_RUNTIME_CONTAINER_RUNTIME_H_
