// Nothing hangs: each way in which a runtime cannot be reached has its own
// sentence and ends in a bounded time.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cassert>
#include <cstring>
#include <filesystem>

#include "absl/time/clock.h"
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::Gt;
using testing::HasSubstr;
using testing::Lt;

constexpr uid_t kNobody = 65534;

// A socket that the kernel accepts connections for, and nobody else does.
class DeafSocket {
 public:
  explicit DeafSocket(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const int bound =
        bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    assert(bound == 0);
    (void)bound;
    listen(fd_, 16);
  }
  ~DeafSocket() { close(fd_); }
  DeafSocket(const DeafSocket&) = delete;
  DeafSocket& operator=(const DeafSocket&) = delete;

 private:
  int fd_;
};

class SocketTest : public E2eTest {
 protected:
  static Ended FetchFrom(const std::string& socket) {
    return RunPrepull({"fetch", "--cri-socket", socket, "quay.io/a:1"});
  }
};

TEST_F(SocketTest, SaysThatTheSocketIsMissing) {
  const Ended fetch = FetchFrom(folder_.Path("missing.sock"));

  EXPECT_THAT(fetch, ExitsWith(4));
  EXPECT_THAT(fetch.err,
              HasSubstr("prepull: connect to " + folder_.Path("missing.sock") +
                        ": no such file\nhint: "));
}

TEST_F(SocketTest, SaysThatTheFileIsNoSocket) {
  const Ended fetch = FetchFrom(folder_.Write("file", ""));

  EXPECT_THAT(fetch, ExitsWith(4));
  EXPECT_THAT(fetch.err, HasSubstr("not a socket\n"));
}

TEST_F(SocketTest, SaysThatNobodyListens) {
  const std::string socket = folder_.Path("left.sock");
  { DeafSocket left(socket); }

  const Ended fetch = FetchFrom(socket);

  EXPECT_THAT(fetch, ExitsWith(4));
  EXPECT_THAT(fetch.err, HasSubstr("no runtime listens\n"));
}

TEST_F(SocketTest, SaysThatPermissionIsDenied) {
  std::filesystem::permissions(server_.socket(), std::filesystem::perms::none);
  ProcessSetup setup = {
      .arguments = {"fetch", "--cri-socket", server_.socket(), "quay.io/a:1"}};
  setup.in_child = [] {
    if (setgid(kNobody) != 0 || setuid(kNobody) != 0) return;  // nobody already
  };

  const Ended fetch = RunProcess(setup);

  EXPECT_THAT(fetch, ExitsWith(4));
  EXPECT_THAT(fetch.err, HasSubstr("permission denied"));
}

// The one test that takes the ten seconds of the contract, for both kinds of
// silence at once.
TEST_F(SocketTest, GivesASilentRuntimeTenSeconds) {
  const DeafSocket deaf(folder_.Path("deaf.sock"));
  server_.SetMode(FakeCriServer::Mode::kSilent);
  const absl::Time started = absl::Now();

  PrepullProcess by_deaf_socket(
      {.arguments = {"fetch", "--cri-socket", folder_.Path("deaf.sock"),
                     "quay.io/a:1"}});
  PrepullProcess by_silent_runtime(FetchSetup({"quay.io/a:1"}));
  PrepullProcess check({.arguments = {"check", "--cri-socket", server_.socket(),
                                      "quay.io/a:1"}});

  for (PrepullProcess* each : {&by_deaf_socket, &by_silent_runtime, &check}) {
    const Ended ended = each->Wait();
    EXPECT_THAT(ended, ExitsWith(4));
    EXPECT_THAT(ended.err, HasSubstr("accepts connections, but gave no "
                                     "answer in 10s\n"));
  }
  EXPECT_THAT(absl::Now() - started,
              AllOf(Gt(absl::Seconds(9)), Lt(absl::Seconds(12))));
}

TEST_F(SocketTest, SaysThatTheServerIsNoCriRuntime) {
  server_.SetMode(FakeCriServer::Mode::kUnimplemented);

  const Ended fetch = FetchFrom(server_.socket());

  EXPECT_THAT(fetch, ExitsWith(4));
  EXPECT_THAT(fetch.err, HasSubstr("answers, but not to CRI v1"));
}

TEST_F(SocketTest, TakesAUrlAndCrictlsVariable) {
  const Ended by_url = FetchFrom("unix://" + server_.socket());
  const Ended by_variable = RunPrepull(
      {"fetch", "quay.io/a:2"},
      {{"CONTAINER_RUNTIME_ENDPOINT", "unix://" + server_.socket()}});

  EXPECT_THAT(by_url, ExitsWith(0));
  EXPECT_THAT(by_variable, ExitsWith(0));
}

TEST_F(SocketTest, WaitsForARuntimeThatStaysAwayUntilTheDeadline) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(FetchSetup(
      {"-j", "2", "--image-list-file", ListOf(3), "--overall-timeout", "2s"}));
  ASSERT_TRUE(server_.WaitUntilRunning(2));

  server_.Stop();
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(4));
  EXPECT_THAT(ended.err, HasSubstr("runtime is gone, waiting for it"));
  EXPECT_THAT(ended.err,
              HasSubstr("the runtime went away and did not come back\n"));
  EXPECT_EQ(Status("/exit_code"), "4");
  EXPECT_EQ(Status("/reason"), "RuntimeUnavailable");
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
  EXPECT_EQ(Status("/images/2/reason"), "RuntimeUnavailable");
}

TEST_F(SocketTest, GoesOnWhenTheRuntimeComesBack) {
  server_.Script("quay.io/a:1", {Forever(), {}});
  server_.Script("quay.io/a:2", {Forever(), {}});
  PrepullProcess fetch(FetchSetup({"-j", "2", "--image-list-file", ListOf(3)}));
  ASSERT_TRUE(server_.WaitUntilRunning(2));

  server_.Stop();
  ASSERT_TRUE(fetch.WaitForOutput("runtime is gone"));
  server_.Start();
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.err, HasSubstr("runtime is back"));
  EXPECT_EQ(Status("/pulled"), "3");
  EXPECT_EQ(Status("/images/0/attempts"), "1");
}

TEST_F(SocketTest, SaysThatTheRuntimeDiedBeforeTheFirstList) {
  server_.FailListImages(
      absl::UnavailableError("error reading server preface"));

  const Ended fetch = Fetch({"quay.io/a:1", "--overall-timeout", "1s"});

  EXPECT_THAT(fetch, ExitsWith(4));
  EXPECT_EQ(Status("/reason"), "RuntimeUnavailable");
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
}

}  // namespace
}  // namespace prepull
