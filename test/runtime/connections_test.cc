#include "prepull/runtime/connections.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstring>

#include "test/runtime/connections_fixture.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST_F(ConnectionsTest, SeesWhatADownloadReceived) {
  const auto connections = Open();
  Stall(crio_);

  const auto open = connections->List();

  ASSERT_THAT(open, IsOkAndHolds(ElementsAre(AllOf(IsFrom(AddressOf(registry_)),
                                                   Received(kPart.size())))));
  EXPECT_GE(open->front().since_received, absl::ZeroDuration());
  EXPECT_LT(open->front().since_sent, absl::Minutes(1));
}

TEST_F(ConnectionsTest, KeepsTheIdOfAConnection) {
  const auto connections = Open();
  Stall(crio_);
  const auto first = connections->List();
  ASSERT_THAT(first, IsOkAndHolds(testing::SizeIs(1)));
  Stall(crio_);

  const auto both = connections->List();

  ASSERT_THAT(both, IsOkAndHolds(testing::SizeIs(2)));
  EXPECT_THAT(*both, testing::Contains(HasId(first->front().id)));
  EXPECT_NE(both->front().id, both->back().id);
}

TEST_F(ConnectionsTest, SeesHowLongAConnectionIsSilent) {
  const auto connections = Open();
  Stall(crio_);

  absl::Duration silent = absl::ZeroDuration();
  absl::Duration quiet = absl::ZeroDuration();
  while (silent < absl::Milliseconds(20)) {
    const auto open = connections->List();
    ASSERT_THAT(open, IsOkAndHolds(testing::SizeIs(1)));
    ASSERT_GE(open->front().since_received, silent);
    silent = open->front().since_received;
    quiet = open->front().since_sent;
  }

  // The request went out before its answer came.
  EXPECT_GE(quiet, silent);
}

TEST_F(ConnectionsTest, EndsOneDownloadAndNoOther) {
  const auto connections = Open();
  Stall(crio_);
  const auto first = connections->List();
  ASSERT_THAT(first, IsOkAndHolds(testing::SizeIs(1)));
  HttpServer other;
  other.Script({{.bytes = kPart, .then = HttpReply::Then::kHang}});
  ASSERT_EQ(crio_.Fetch(other.port(), kPart.size()), "ok");
  ASSERT_THAT(connections->List(), IsOkAndHolds(testing::SizeIs(2)));

  const absl::Status ended = connections->ShutDown(first->front().id);

  EXPECT_THAT(ended, IsOk());
  EXPECT_EQ(crio_.NextLine(), "end");
  EXPECT_THAT(connections->List(),
              IsOkAndHolds(ElementsAre(IsFrom(AddressOf(other)))));
  EXPECT_THAT(connections->ShutDown(first->front().id), IsOk());
}

TEST_F(ConnectionsTest, SeesAPeerOfIpv6) {
  const auto connections = Open();
  HttpServer registry(std::nullopt, "::1");
  registry.Script({{.bytes = kPart, .then = HttpReply::Then::kHang}});
  ASSERT_EQ(crio_.Fetch(registry.port(), kPart.size(), "::1"), "ok");

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(ElementsAre(
                        IsFrom(absl::StrCat("[::1]:", registry.port())))));
}

TEST_F(ConnectionsTest, SeesAnIpv4PeerOfAnIpv6SocketAsIpv4) {
  const auto connections = Open();
  ASSERT_EQ(crio_.Fetch(registry_.port(), kPart.size(), "::ffff:127.0.0.1"),
            "ok");

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(ElementsAre(IsFrom(AddressOf(registry_)))));
}

TEST_F(ConnectionsTest, LeavesOutWhatAServerHasEnded) {
  const auto connections = Open();
  registry_.Script({{.bytes = kPart, .then = HttpReply::Then::kClose}});
  Stall(crio_);
  // It keeps its descriptor.
  ASSERT_EQ(crio_.NextLine(), "end");

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(IsEmpty()));
}

class IncomingConnectionsTest : public ConnectionsTest,
                                public testing::WithParamInterface<int> {};

TEST_P(IncomingConnectionsTest, AreLeftOut) {
  const auto connections = Open();
  const std::string port = crio_.Ask(absl::StrCat("listen ", GetParam()));
  if (port == "no") GTEST_SKIP() << "this kernel has no such protocol";
  const Descriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in server = {};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons(std::stoi(port));
  ASSERT_EQ(connect(client.fd(), reinterpret_cast<sockaddr*>(&server),
                    sizeof(server)),
            0);
  ASSERT_EQ(crio_.NextLine(), "taken");
  Stall(crio_);

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(ElementsAre(IsFrom(AddressOf(registry_)))));
}

// Go listens for both (since 1.24), but connects by TCP.
INSTANTIATE_TEST_SUITE_P(ByProtocol, IncomingConnectionsTest,
                         testing::Values(IPPROTO_TCP, IPPROTO_MPTCP));

TEST_F(ConnectionsTest, LeavesOutAConnectionOfSeveralPaths) {
  const auto connections = Open();
  if (crio_.Fetch(registry_.port(), kPart.size(), "127.0.0.1", IPPROTO_MPTCP) ==
      "no") {
    GTEST_SKIP() << "this kernel has no MPTCP";
  }

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(IsEmpty()));
}

TEST_F(ConnectionsTest, LeavesOutAPortThatIsForwardedIntoAPod) {
  if (crio_.Ask("forward") == "no") GTEST_SKIP() << "needs root";
  const auto connections = Open();
  Stall(crio_);

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(ElementsAre(IsFrom(AddressOf(registry_)))));
}

TEST_F(ConnectionsTest, TouchesNoOtherProcess) {
  const auto connections = Open();
  FetchingProcess other(CopyOfFetchingProgram(folder_.Path("kubelet")));
  Stall(other);
  Stall(crio_);
  const auto open = connections->List();
  ASSERT_THAT(open, IsOkAndHolds(testing::SizeIs(1)));

  ASSERT_THAT(connections->ShutDown(open->front().id), IsOk());

  EXPECT_EQ(crio_.NextLine(), "end");
  EXPECT_EQ(other.Ask("open 0"), "ok");  // no "end" before it
}

TEST_F(ConnectionsTest, SeesAChildThatPullsForIt) {
  const auto connections = Open();
  const std::string work =
      absl::StrCat(" 127.0.0.1 ", registry_.port(), " ", kPart.size());
  ASSERT_EQ(crio_.Ask(absl::StrCat("start ", program_, work)), "ok");
  const auto open = connections->List();
  ASSERT_THAT(open, IsOkAndHolds(ElementsAre(Received(kPart.size()))));

  const absl::Status ended = connections->ShutDown(open->front().id);

  EXPECT_THAT(ended, IsOk());
  EXPECT_EQ(crio_.NextLine(), "end");
  EXPECT_EQ(crio_.Ask("stop"), "ok");
  EXPECT_THAT(connections->List(), IsOkAndHolds(IsEmpty()));
}

TEST_F(ConnectionsTest, DoesNotSeeAChildWithAnotherProgram) {
  const auto connections = Open();
  const std::string conmon = CopyOfFetchingProgram(folder_.Path("conmon"));
  ASSERT_EQ(crio_.Ask(absl::StrCat("start ", conmon, " 127.0.0.1 ",
                                   registry_.port(), " ", kPart.size())),
            "ok");

  const auto open = connections->List();

  EXPECT_THAT(open, IsOkAndHolds(IsEmpty()));
}

TEST_F(ConnectionsTest, SeesARuntimeThatIsStopped) {
  const auto connections = Open();
  Stall(crio_);
  crio_.Signal(SIGSTOP);

  const auto open = connections->List();

  ASSERT_THAT(open, IsOkAndHolds(testing::SizeIs(1)));
  EXPECT_THAT(connections->ShutDown(open->front().id), IsOk());
  crio_.Signal(SIGCONT);
  EXPECT_EQ(crio_.NextLine(), "end");
}

// A listening socket of the test, which ends its side without a trace.
class Sink {
 public:
  Sink() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* bound = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_.fd(), bound, size), 0);
    EXPECT_EQ(listen(listener_.fd(), 16), 0);
    EXPECT_EQ(getsockname(listener_.fd(), bound, &size), 0);
    port_ = ntohs(address.sin_port);
  }

  uint16_t port() const { return port_; }

  void EndNext() const {
    const Descriptor taken(
        accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    const linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(taken.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }

 private:
  Descriptor listener_;
  uint16_t port_ = 0;
};

TEST_F(ConnectionsTest, LeaksNoDescriptorInTenThousandRounds) {
  const auto connections = Open();
  const Sink sink;
  const std::string child = std::to_string(crio_.pid());
  const int64_t ours = CountDescriptors("self");
  const int64_t of_child = CountDescriptors(child);

  int ended = 0;
  for (int round = 0; round < 10000; ++round) {
    ASSERT_EQ(crio_.Fetch(sink.port(), 0), "ok");
    const auto open = connections->List();
    ASSERT_THAT(open, IsOkAndHolds(testing::SizeIs(1)));
    ASSERT_THAT(connections->ShutDown(open->front().id), IsOk());
    ASSERT_EQ(crio_.NextLine(), "end");
    sink.EndNext();
    ++ended;
  }

  EXPECT_EQ(ended, 10000);
  EXPECT_EQ(CountDescriptors("self"), ours);
  EXPECT_EQ(CountDescriptors(child), of_child + 1);  // the last that ended
}

}  // namespace
}  // namespace prepull
