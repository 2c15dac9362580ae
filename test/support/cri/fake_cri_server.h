// A container runtime on a unix socket that does what the test's script says.
//
// It speaks real gRPC, so the built binary can be run against it. An image
// without a script is pulled in no time; what is pulled is in ListImages from
// then on. The WaitUntil functions are how a test follows a run without
// sleeping: each is true as soon as it holds, false after a generous bound.
// Threads: all methods are safe to call from any thread.
#ifndef PREPULL_TEST_SUPPORT_CRI_FAKE_CRI_SERVER_H_
#define PREPULL_TEST_SUPPORT_CRI_FAKE_CRI_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace prepull {

class FakeCriServer {
 public:
  // How one attempt at an image goes.
  struct Attempt {
    absl::Status result = absl::OkStatus();
    // Infinite: until Release() or the client's cancel.
    absl::Duration takes = absl::ZeroDuration();
    bool hears_cancel = true;
  };

  // An attempt that was made. `started` and `ended` count all starts and ends
  // of the server in their order, from 1 on; `ended` is 0 while it runs.
  struct Pull {
    std::string image;
    int started = 0;
    int ended = 0;
    bool cancelled = false;
  };

  enum class Mode {
    kAnswers,
    kSilent,         // takes calls and never answers them
    kUnimplemented,  // a gRPC server that is no container runtime
  };

  // Listens from here on.
  explicit FakeCriServer(std::string socket);
  ~FakeCriServer();
  FakeCriServer(const FakeCriServer&) = delete;
  FakeCriServer& operator=(const FakeCriServer&) = delete;

  const std::string& socket() const;

  // The process dies: connections end, the socket is gone. Start() brings it
  // back with the images it had.
  void Stop();
  void Start();

  // The next attempts at `image`, in order; behind them the last repeats.
  void Script(const std::string& image, std::vector<Attempt> attempts);

  // How all images without a script are pulled.
  void ScriptTheRest(const Attempt& attempt);

  // Ends, with their results, the `pulls` oldest of those that take forever.
  void Release(int pulls = 1);

  // Puts `image`, or REPOSITORY:1 to REPOSITORY:COUNT, on the node.
  void Store(const std::string& image);
  void StoreTags(absl::string_view repository, int count);
  void Remove(const std::string& image);

  // What `image` was built for. Without it a verbose ImageStatus is
  // UNIMPLEMENTED.
  void BuiltFor(const std::string& image, const std::string& os,
                const std::string& architecture);

  void SetMode(Mode mode);
  void SetVersion(const std::string& version);
  void SetName(const std::string& name);  // "containerd" by default

  // The mountpoints of its image file systems; none by default.
  void SetImageFileSystems(const std::vector<std::string>& mountpoints);

  // What Version or ListImages answer from now on; OK: as usual.
  void FailVersion(const absl::Status& error);
  void FailListImages(const absl::Status& error);

  bool WaitUntilRunning(int pulls);
  bool WaitUntilStarted(int pulls);
  bool WaitUntilCancelled(int pulls);
  bool WaitUntilAsked(int times);  // for its Version
  bool WaitUntilListed(int times);

  std::vector<Pull> pulls() const;
  std::vector<Pull> PullsOf(const std::string& image) const;

  // The most pulls at once of images whose names begin with `prefix`.
  int MostAtOnce(absl::string_view prefix = "") const;

  int lists() const;
  int disk_questions() const;  // where its images are
  int64_t last_list_bytes() const;

 private:
  class Server;

  std::unique_ptr<Server> server_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_FAKE_CRI_SERVER_H_
