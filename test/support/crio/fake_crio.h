// CRI-O as a client of its socket and a registry see it: fetches over TCP by
// the rules of containers/image (see ImagePull), and runs no containers.
//
// Equal requests that are running are one pull, which ends when the first of
// them is cancelled. Other pulls share nothing that is on its way.
// Source: https://github.com/cri-o/cri-o, server/image_pull.go
#ifndef PREPULL_TEST_SUPPORT_CRIO_FAKE_CRIO_H_
#define PREPULL_TEST_SUPPORT_CRIO_FAKE_CRIO_H_

#include <memory>
#include <string>

#include "absl/time/time.h"

namespace prepull {

class FakeCrio {
 public:
  struct Options {
    std::string socket = "";
    std::string version = "1.37.0";
    std::string big_files = "";   // where the pulls have their folders
    std::string graph_root = "";  // where the store is
    // Between the last byte of a layer and its commit.
    absl::Duration unpack_per_mib = absl::ZeroDuration();
  };

  // Listens until its end, which cancels what is running.
  explicit FakeCrio(const Options& options);
  ~FakeCrio();
  FakeCrio(const FakeCrio&) = delete;
  FakeCrio& operator=(const FakeCrio&) = delete;

 private:
  class Server;

  std::unique_ptr<Server> server_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRIO_FAKE_CRIO_H_
