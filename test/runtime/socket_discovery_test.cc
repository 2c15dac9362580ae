#include "prepull/runtime/socket_discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "prepull/base/clock.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::SizeIs;

constexpr absl::Duration kTimeout = absl::Milliseconds(50);

// Says who it is, or waits in vain until the caller has had enough.
class ScriptedRuntime : public ContainerRuntime {
 public:
  using Answer = absl::StatusOr<RuntimeVersion>;

  explicit ScriptedRuntime(std::optional<Answer> answer)
      : answer_(std::move(answer)) {}

  absl::StatusOr<RuntimeVersion> Version(absl::Duration timeout,
                                         const std::stop_token& stop) override {
    if (answer_) return *answer_;
    Wakeup stopped;
    std::stop_callback told(stop, [&stopped] { stopped.Notify(); });
    if (stopped.WaitFor(timeout)) return absl::CancelledError("interrupted");
    return absl::DeadlineExceededError("Deadline Exceeded");
  }
  absl::StatusOr<std::vector<ImageFileSystem>> ImageFileSystems(
      absl::Duration, const std::stop_token&) override {
    return absl::UnimplementedError("");
  }
  std::unique_ptr<RunningCall> ListImages(ListDone) override { return nullptr; }
  std::unique_ptr<RunningCall> GetPlatform(const std::string&,
                                           PlatformDone) override {
    return nullptr;
  }
  std::unique_ptr<RunningCall> StartPull(const PullRequest&,
                                         PullDone) override {
    return nullptr;
  }
  std::unique_ptr<RunningCall> RemoveImage(const std::string&, Done) override {
    return nullptr;
  }
  std::unique_ptr<RunningCall> AwaitAnswer(Done) override { return nullptr; }
  Leases* leases() override { return nullptr; }
  Downloads* downloads() override { return nullptr; }
  ImageRecords* image_records() override { return nullptr; }

 private:
  const std::optional<Answer> answer_;
};

// This thread and those it starts without root's rights on files
// (setfsuid(2)).
class AsNobody {
 public:
  AsNobody() : before_(setfsuid(65534)) {}
  ~AsNobody() { setfsuid(before_); }

 private:
  const int before_;
};

class FindRuntimeTest : public ::testing::Test {
 protected:
  ~FindRuntimeTest() override {
    for (const int fd : open_) close(fd);
  }

  std::string Path(const std::string& name) const {
    return absl::StrCat(folder_, "/", name);
  }

  int Bind(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
              0);
    open_.push_back(fd);
    return fd;
  }

  // A socket that takes connections, and what answers behind it; nothing for
  // one that hangs.
  std::string Listen(const std::string& name,
                     std::optional<ScriptedRuntime::Answer> answer) {
    const std::string path = Path(name);
    EXPECT_EQ(listen(Bind(path), 8), 0);
    answers_.emplace(path, std::move(answer));
    return path;
  }

  absl::StatusOr<FoundRuntime> Find(const std::vector<std::string>& sockets) {
    return FindRuntime(
        sockets,
        [this](const std::string& socket) {
          return std::make_unique<ScriptedRuntime>(answers_.at(socket));
        },
        timeout_, stop_.get_token());
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  std::vector<int> open_;
  std::map<std::string, std::optional<ScriptedRuntime::Answer>> answers_;
  absl::Duration timeout_ = kTimeout;
  std::stop_source stop_;
};

TEST_F(FindRuntimeTest, FindsWhoAnswers) {
  const std::string socket =
      Listen("c.sock", RuntimeVersion{"containerd", "1.7.24"});

  const absl::StatusOr<FoundRuntime> found = Find({socket});

  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->socket, socket);
  EXPECT_EQ(found->version.name, "containerd");
  EXPECT_EQ(found->version.version, "1.7.24");
  EXPECT_NE(found->runtime, nullptr);
}

TEST_F(FindRuntimeTest, TakesTheFirstInTheOrderOfPreference) {
  const std::string crio = Listen("crio.sock", RuntimeVersion{"cri-o", "1.30"});
  const std::string k3s = Listen("k3s.sock", RuntimeVersion{"containerd", "2"});

  EXPECT_EQ(Find({Path("none.sock"), crio, k3s})->socket, crio);
  EXPECT_EQ(Find({k3s, crio})->socket, k3s);
}

TEST_F(FindRuntimeTest, IsNotHeldUpForLongByASocketThatHangs) {
  const std::string hangs = Listen("hangs.sock", std::nullopt);
  const std::string crio = Listen("crio.sock", RuntimeVersion{"cri-o", "1.30"});
  const SystemClock clock;
  const Instant start = clock.Now();

  EXPECT_EQ(Find({hangs, crio})->socket, crio);
  EXPECT_THAT(clock.Now() - start, Lt(absl::Seconds(20)));
}

// containerd says so in its first second.
TEST_F(FindRuntimeTest, TakesARuntimeThatIsStillStarting) {
  const std::string socket =
      Listen("c.sock", absl::UnavailableError("server is not initialized yet"));

  const absl::StatusOr<FoundRuntime> found = Find({socket});

  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->version.name, "");
}

TEST_F(FindRuntimeTest, StopsWhenAsked) {
  timeout_ = absl::Seconds(20);
  const std::string hangs = Listen("hangs.sock", std::nullopt);
  std::jthread stopper([this] { stop_.request_stop(); });

  EXPECT_THAT(Find({hangs}), StatusIs(Code::kCancelled));
}

TEST_F(FindRuntimeTest, SaysThatThereIsNoFile) {
  const std::string path = Path("none.sock");

  EXPECT_THAT(Find({path}),
              StatusIs(Code::kUnavailable,
                       absl::StrCat("connect to ", path, ": no such file")));
}

TEST_F(FindRuntimeTest, SaysThatItIsNoSocket) {
  const std::string path = Path("file");
  std::ofstream(path) << "text";

  EXPECT_THAT(Find({path}),
              StatusIs(Code::kUnavailable,
                       absl::StrCat("connect to ", path, ": not a socket")));
}

TEST_F(FindRuntimeTest, SaysThatNobodyListens) {
  const std::string path = Path("stale.sock");
  Bind(path);

  EXPECT_THAT(Find({path}),
              StatusIs(Code::kUnavailable,
                       HasSubstr("connection refused: the file is there, but "
                                 "no runtime listens")));
}

TEST_F(FindRuntimeTest, SaysThatRootIsNeeded) {
  const std::string path =
      Listen("c.sock", RuntimeVersion{"containerd", "1.7.24"});
  fs::permissions(path, fs::perms::none);
  const AsNobody nobody;

  EXPECT_THAT(Find({path}), StatusIs(Code::kUnavailable,
                                     HasSubstr("permission denied: the socket "
                                               "belongs to root")));
}

TEST_F(FindRuntimeTest, SaysThatItHangs) {
  const std::string path = Listen("hangs.sock", std::nullopt);

  EXPECT_THAT(Find({path}),
              StatusIs(Code::kUnavailable,
                       HasSubstr("accepts connections, but gave no answer in "
                                 "0.1s")));
}

TEST_F(FindRuntimeTest, SaysThatItSpeaksAnOlderCri) {
  const std::string path =
      Listen("c.sock", absl::UnimplementedError("unknown service runtime.v1"));

  EXPECT_THAT(Find({path}), StatusIs(Code::kUnavailable,
                                     HasSubstr("it only speaks v1alpha2")));
}

TEST_F(FindRuntimeTest, PassesOnWhatItDoesNotKnow) {
  const std::string path =
      Listen("http.sock", absl::InternalError("bad frame\x1b[2J"));

  EXPECT_THAT(
      Find({path}),
      StatusIs(Code::kUnavailable, HasSubstr("does not answer like a container "
                                             "runtime: bad frame [2J")));
}

TEST_F(FindRuntimeTest, NamesSocketsThatFailAlikeTogether) {
  const std::string a = Path("a.sock");
  const std::string b = Path("b.sock");
  const std::string file = Path("file");
  std::ofstream(file) << "text";

  EXPECT_THAT(
      Find({a, file, b}),
      StatusIs(Code::kUnavailable, absl::StrCat("connect to ", a, ", ", b,
                                                ": no such file; connect to ",
                                                file, ": not a socket")));
}

TEST(SocketPathTest, TakesAPathOrAUrl) {
  EXPECT_THAT(SocketPath("/run/c.sock"), IsOkAndHolds("/run/c.sock"));
  EXPECT_THAT(SocketPath("unix:///run/c.sock"), IsOkAndHolds("/run/c.sock"));
  EXPECT_THAT(SocketPath("c.sock"), IsOkAndHolds("c.sock"));
}

TEST(SocketPathTest, RefusesWhatIsNoUnixSocket) {
  EXPECT_THAT(SocketPath("tcp://127.0.0.1:1"),
              StatusIs(Code::kInvalidArgument,
                       "\"tcp://127.0.0.1:1\" is not a unix socket: expected a "
                       "path or a unix:// URL"));
  EXPECT_THAT(SocketPath(""), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(SocketPath("unix://"),
              StatusIs(Code::kInvalidArgument, "socket path is empty"));
}

// sun_path has 108 bytes, the last of which is a zero.
TEST(SocketPathTest, RefusesWhatTheSystemCannotTake) {
  EXPECT_THAT(SocketPath("/" + std::string(106, 'a')), IsOk());
  EXPECT_THAT(SocketPath("/" + std::string(107, 'a')),
              StatusIs(Code::kInvalidArgument,
                       "socket path has 108 bytes: expected at most 107"));
}

TEST(KnownSocketsTest, BeginWithContainerdAndCrio) {
  ASSERT_THAT(KnownSockets(), SizeIs(6));
  EXPECT_THAT(
      std::vector(KnownSockets().begin(), KnownSockets().begin() + 2),
      ElementsAre("/run/containerd/containerd.sock", "/run/crio/crio.sock"));
}

}  // namespace
}  // namespace prepull
