// Whose connections they are: of a runtime that ends, comes back, or is none.
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <list>

#include "src/runtime/process_children.h"
#include "src/runtime/runtime_process.h"
#include "test/runtime/connections_fixture.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConnectionsProcessTest : public ConnectionsTest {
 protected:
  std::string FetchInChild(const std::string& program) {
    return crio_.Ask(absl::StrCat("start ", program, " 127.0.0.1 ",
                                  registry_.port(), " ", kPart.size()));
  }
};

TEST_F(ConnectionsProcessTest, HasNoneOfARuntimeThatHasEnded) {
  const auto connections = Open();
  Stall(crio_);
  const auto before = connections->List();
  ASSERT_THAT(before, IsOkAndHolds(SizeIs(1)));

  crio_.Kill();

  EXPECT_THAT(connections->ShutDown(before->front().id), IsOk());
  EXPECT_THAT(connections->List(), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(connections->ShutDown(before->front().id), IsOk());
}

TEST_F(ConnectionsProcessTest, FindsARuntimeThatCameBack) {
  const auto connections = Open();
  crio_.Kill();
  ASSERT_THAT(connections->List(), IsOkAndHolds(IsEmpty()));
  FetchingProcess next(program_);
  ASSERT_EQ(next.Serve(socket_), "ok");
  Stall(next);

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(ElementsAre(IsFrom(AddressOf(registry_)))));
}

TEST_F(ConnectionsProcessTest, FindsARuntimeThatCameBackAtOnce) {
  const auto connections = Open();
  crio_.Kill();
  FetchingProcess next(program_);
  ASSERT_EQ(next.Serve(socket_), "ok");
  Stall(next);

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(SizeIs(1)));
}

TEST_F(ConnectionsProcessTest, SaysThatAnotherProgramCameBack) {
  const auto connections = Open();
  crio_.Kill();
  FetchingProcess next(CopyOfFetchingProgram(folder_.Path("nginx")));
  ASSERT_EQ(next.Serve(socket_), "ok");

  const auto open = connections->List();

  EXPECT_THAT(open, StatusIs(Code::kFailedPrecondition, HasSubstr("nginx")));
}

TEST_F(ConnectionsProcessTest, SurvivesARuntimeThatEndsMeanwhile) {
  const auto connections = Open();
  Stall(crio_);
  crio_.Signal(SIGKILL);

  auto open = connections->List();
  while (open.ok() && !open->empty()) open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(IsEmpty()));
}

TEST_F(ConnectionsProcessTest, DoesNotTakeALaterProcessForTheRuntime) {
  const auto connections = Open();
  crio_.Kill();
  FetchingProcess later(program_, crio_.pid());
  if (later.pid() < 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(later.pid(), crio_.pid());
  Stall(later);

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(IsEmpty()));
}

// Whoever listened is the peer, also when it is gone and another has its
// socket.
TEST_F(ConnectionsProcessTest, DoesNotTakeWhoInheritedASocketForItsRuntime) {
  ASSERT_EQ(crio_.Serve(socket_), "ok");
  ASSERT_EQ(crio_.Ask("leave"), "ok");
  crio_.Reap();
  Stall(crio_);

  const auto connections = OpenConnections(socket_);

  EXPECT_THAT(connections, StatusIs(Code::kUnavailable, HasSubstr("ended")));
  EXPECT_THAT(OpenRuntimeProcess(socket_, PeerLookup::kByNumber),
              StatusIs(Code::kUnavailable, HasSubstr("ended")));
}

bool HasExactPeers() {
  std::array<int, 2> pair = {-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
  const Descriptor one(pair[0]);
  const Descriptor other(pair[1]);
  int fd = -1;
  socklen_t size = sizeof(fd);
  const bool has =
      getsockopt(one.fd(), SOL_SOCKET, /*SO_PEERPIDFD*/ 77, &fd, &size) == 0;
  const Descriptor pidfd(fd);
  return has;
}

TEST_F(ConnectionsProcessTest, DoesNotTakeALaterProcessForWhoListened) {
  if (!HasExactPeers()) GTEST_SKIP() << "needs Linux 6.5";
  ASSERT_EQ(crio_.Serve(socket_), "ok");
  ASSERT_EQ(crio_.Ask("leave"), "ok");
  crio_.Reap();
  FetchingProcess later(program_, crio_.pid());
  if (later.pid() < 0) GTEST_SKIP() << "needs root";

  const auto connections = OpenConnections(socket_);

  EXPECT_THAT(connections, StatusIs(Code::kUnavailable));
}

TEST_F(ConnectionsProcessTest, FindsTheRuntimeByItsNumber) {
  ASSERT_EQ(crio_.Serve(socket_), "ok");

  const auto process = OpenRuntimeProcess(socket_, PeerLookup::kByNumber);

  ASSERT_THAT(process, IsOk());
  EXPECT_EQ(process->pid(), crio_.pid());
  EXPECT_FALSE(process->HasEnded());
  crio_.Kill();
  EXPECT_TRUE(process->HasEnded());
}

TEST_F(ConnectionsProcessTest, KnowsARuntimeThatWasUpdatedMeanwhile) {
  std::filesystem::remove(program_);
  const auto connections = Open();
  ASSERT_EQ(FetchInChild("/proc/self/exe"), "ok");
  Stall(crio_);

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(SizeIs(2)));
}

TEST_F(ConnectionsProcessTest, NamesAProgramThatIsNoRuntime) {
  const std::string nginx = CopyOfFetchingProgram(folder_.Path("nginx"));
  FetchingProcess other(nginx);
  ASSERT_EQ(other.Serve(socket_), "ok");

  const auto connections = OpenConnections(socket_);

  EXPECT_THAT(connections,
              StatusIs(Code::kFailedPrecondition,
                       AllOf(HasSubstr("no known runtime"), HasSubstr(nginx))));
}

TEST_F(ConnectionsProcessTest, SaysThatNobodyServesTheSocket) {
  EXPECT_THAT(OpenConnections(socket_),
              StatusIs(Code::kUnavailable, HasSubstr("no such file")));
}

// A hung runtime: connect(2) would wait for ever.
TEST_F(ConnectionsProcessTest, DoesNotWaitForARuntimeThatTakesNoConnections) {
  ASSERT_EQ(crio_.Serve(socket_, 0), "ok");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, socket_.c_str());
  std::list<Descriptor> queue;
  do {
    queue.emplace_back(
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  } while (connect(queue.back().fd(), reinterpret_cast<sockaddr*>(&address),
                   sizeof(address)) == 0);
  ASSERT_EQ(errno, EAGAIN);

  const auto connections = OpenConnections(socket_);

  EXPECT_THAT(connections, StatusIs(Code::kUnavailable, HasSubstr("full")));
}

TEST_F(ConnectionsProcessTest, FindsAChildAmongAllProcesses) {
  ASSERT_EQ(crio_.Serve(socket_), "ok");
  ASSERT_EQ(FetchInChild(program_), "ok");
  const auto runtime = OpenRuntimeProcess(socket_);
  ASSERT_THAT(runtime, IsOk());
  std::vector<OtherProcess> children;

  UpdateChildren(*runtime, AllProcesses(), children);

  ASSERT_THAT(children, SizeIs(1));
  EXPECT_THAT(ListedChildren(*runtime), testing::Contains(children[0].pid()));
}

// What `ask` says without the rights that `drop` takes away.
std::string SaidWithout(const std::function<bool()>& drop,
                        const std::function<absl::Status()>& ask) {
  Pipe pipe;
  const pid_t child = fork();
  if (child == 0) {
    if (drop()) pipe.Put(ask().ToString());
    _exit(0);
  }
  pipe.write_end.Close();
  const std::string said = pipe.Drain();
  waitpid(child, nullptr, 0);
  return said;
}

// As a pod without SYS_PTRACE: root, but not all of it.
bool DropPtrace() {
  __user_cap_header_struct header = {};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets = {};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return false;
  auto& set = sets[CAP_TO_INDEX(CAP_SYS_PTRACE)];
  set.effective &= ~CAP_TO_MASK(CAP_SYS_PTRACE);
  set.permitted &= ~CAP_TO_MASK(CAP_SYS_PTRACE);
  return syscall(SYS_capset, &header, sets.data()) == 0;
}

bool BecomeNobody() { return setresuid(65534, 65534, 65534) == 0; }

TEST_F(ConnectionsProcessTest, SaysThatACapabilityIsMissing) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(crio_.Serve(socket_), "ok");
  std::filesystem::permissions(socket_, std::filesystem::perms(0777));
  const auto open = [this] { return OpenConnections(socket_).status(); };
  const std::string sentence =
      absl::StrCat("PERMISSION_DENIED: ", socket_,
                   ": CAP_SYS_PTRACE is missing (cannot look into process ",
                   crio_.pid(), ")");

  EXPECT_EQ(SaidWithout(DropPtrace, open), sentence);
  EXPECT_EQ(SaidWithout(BecomeNobody, open), sentence);
}

TEST_F(ConnectionsProcessTest, SaysThatACapabilityWasTakenAway) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto connections = Open();
  Stall(crio_);

  const std::string said =
      SaidWithout(DropPtrace, [&] { return connections->List().status(); });

  EXPECT_THAT(said, HasSubstr("CAP_SYS_PTRACE is missing"));
  EXPECT_THAT(connections->List(), IsOkAndHolds(SizeIs(1)));
}

TEST(CheckServer, RefusesWhatIsNoRuntime) {
  EXPECT_THAT(CheckServer(0), StatusIs(Code::kNotFound, HasSubstr("hostPID")));
  EXPECT_THAT(CheckServer(1), StatusIs(Code::kFailedPrecondition,
                                       HasSubstr("socket activation")));
  EXPECT_THAT(CheckServer(2), IsOk());
}

TEST(CheckExecutable, KnowsRuntimesByTheirName) {
  for (const char* path :
       {"/usr/bin/containerd", "/usr/bin/crio", "/usr/bin/crio (deleted)",
        "/var/lib/k0s/bin/containerd", "/snap/microk8s/7229/bin/containerd",
        "/var/lib/rancher/k3s/data/current/bin/k3s"}) {
    EXPECT_THAT(CheckExecutable(7, path), IsOk()) << path;
  }
  for (const char* path :
       {"/usr/bin/cri-dockerd", "/usr/bin/containerd-shim-runc-v2",
        "/usr/lib/systemd/systemd", "/opt/containerd/bin/ctr", ""}) {
    EXPECT_THAT(CheckExecutable(7, path), StatusIs(Code::kFailedPrecondition))
        << path;
  }
}

}  // namespace
}  // namespace prepull
