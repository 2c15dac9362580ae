#include "prepull/metrics/metrics_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "test/metrics/submit_stream.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

// What image-prefetcher sends of a pulled image, by its schema: field number
// and type, then the value.
std::string GoldenPulled() {
  return absl::HexStringToBytes(absl::StrCat(
      "0a24", absl::BytesToHexString("0b0c9f7e-5d2a-4a51-9c6f-2f1f5a6c7d8e"),
      "10b0a1acc906",  // started_at 1764430000
      "1a0b", absl::BytesToHexString("quay.io/a:1"),
      "28dc0b",  // duration_ms 1500
      "3208", absl::BytesToHexString("worker-1"),
      "38b5b8f0fe2d"));  // size_bytes 12345678901
}

std::string GoldenFailed() {
  return absl::HexStringToBytes(absl::StrCat("0a0161", "1a0162", "2205",
                                             absl::BytesToHexString("gone!")));
}

class MetricsServerTest : public testing::Test {
 protected:
  MetricsServerTest() { Serve(); }

  void Serve(const MetricsServerLimits& limits = {}) {
    absl::StatusOr<ListeningSocket> socket = ListeningSocket::Open(0);
    ASSERT_THAT(socket, IsOk());
    port_ = socket->port();
    server_.reset();
    absl::StatusOr<std::unique_ptr<MetricsServer>> server =
        MetricsServer::Start(*std::move(socket), store_, limits);
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
  }

  std::string Stored() const {
    uint64_t from = 0;
    bool is_first = true;
    return store_.Slice(from, store_.end(), is_first);
  }

  // A connection that says nothing; -1 if it is refused.
  int Connect() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) ==
        0) {
      return fd;
    }
    close(fd);
    return -1;
  }

  ResultStore store_;
  uint16_t port_ = 0;
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, TakesWhatImagePrefetcherSends) {
  SubmitClient client(port_);
  EXPECT_TRUE(client.Send(GoldenPulled()));
  EXPECT_TRUE(client.Send(GoldenFailed()));

  const auto [status, answer] = client.Close();

  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer, "");
  EXPECT_EQ(Stored(), R"({"attempt_id":"0b0c9f7e-5d2a-4a51-9c6f-2f1f5a6c7d8e",)"
                      R"("started_at":1764430000,"image":"quay.io/a:1",)"
                      R"("duration_ms":1500,"node":"worker-1",)"
                      R"("size_bytes":12345678901},)"
                      R"({"attempt_id":"a","image":"b","error":"gone!"})");
}

TEST_F(MetricsServerTest, KnowsADuplicateOfAnotherStream) {
  for (int i = 0; i < 2; ++i) {
    SubmitClient client(port_);
    client.Send(GoldenFailed());
    EXPECT_TRUE(client.Close().first.ok());
  }

  EXPECT_EQ(store_.end(), 1);
}

TEST_F(MetricsServerTest, SkipsFieldsOfLaterVersions) {
  SubmitClient client(port_);
  client.Send(GoldenFailed() + absl::HexStringToBytes("4a03616263"));

  EXPECT_TRUE(client.Close().first.ok());
  EXPECT_EQ(store_.end(), 1);
}

TEST_F(MetricsServerTest, RefusesWhatIsNoResult) {
  const std::vector<std::string> messages = {
      "\xff", absl::HexStringToBytes("0a05616263"),  // longer than it is
      absl::HexStringToBytes("0a02c328")};           // not UTF-8
  for (const std::string& message : messages) {
    SubmitClient client(port_);
    client.Send(GoldenFailed());
    client.Send(message);

    const grpc::Status status = client.End().first;

    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_EQ(store_.end(), 1);
}

TEST_F(MetricsServerTest, RefusesAMessageThatIsTooLarge) {
  SubmitClient client(port_);
  client.Send(std::string(70'000, '\x0a'));

  EXPECT_FALSE(client.End().first.ok());
  EXPECT_EQ(store_.end(), 0);
}

TEST_F(MetricsServerTest, CutsNumbersToWhatItsJsonHolds) {
  SubmitClient client(port_);
  client.Send(absl::HexStringToBytes("0a016138ffffffffffffffffff01"));
  EXPECT_TRUE(client.Close().first.ok());

  EXPECT_EQ(Stored(), R"({"attempt_id":"a","size_bytes":9223372036854775807})");
}

TEST_F(MetricsServerTest, KeepsWhatCameBeforeAStreamBrokeOff) {
  const TempFolder folder;
  ResultStore store;
  ASSERT_THAT(store.KeepIn(folder.Path("results")), IsOk());
  absl::StatusOr<ListeningSocket> socket = ListeningSocket::Open(0);
  ASSERT_THAT(socket, IsOk());
  const uint16_t port = socket->port();
  auto server = MetricsServer::Start(*std::move(socket), store);
  ASSERT_THAT(server, IsOk());
  {
    SubmitClient client(port);
    client.Send(GoldenFailed());
    SubmitClient other(port);  // whose end says that the first was read
    other.Send(GoldenPulled());
    other.Close();
  }

  server->reset();

  EXPECT_THAT(ReadAll(folder.Path("results")), HasSubstr("gone!"));
}

TEST_F(MetricsServerTest, HasSoManyStreams) {
  Serve({.streams = 2});
  SubmitClient first(port_);
  first.Send(GoldenFailed());
  SubmitClient second(port_);
  second.Send(GoldenFailed());

  SubmitClient third(port_);
  EXPECT_EQ(third.End().first.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);

  EXPECT_TRUE(first.Close().first.ok());
  SubmitClient fourth(port_);
  fourth.Send(GoldenFailed());
  EXPECT_TRUE(fourth.Close().first.ok());
}

TEST_F(MetricsServerTest, EndsAStreamThatHoldsItsPlace) {
  Serve({.connection_age = absl::Milliseconds(100)});
  SubmitClient client(port_);
  client.Send(GoldenFailed());

  EXPECT_FALSE(client.End().first.ok());
}

TEST_F(MetricsServerTest, OutlivesThousandsOfConnections) {
  Serve({.connections = 100, .connection_age = absl::Milliseconds(500)});
  std::vector<int> open;
  const absl::Cleanup close_all = [&open] {
    for (const int fd : open) close(fd);
  };
  for (int i = 0; i < 400; ++i) {
    const int fd = Connect();
    if (fd >= 0) open.push_back(fd);
  }
  const size_t connected = open.size();
  for (const int fd : open) {
    // Answered or closed, each within the time for a handshake.
    char byte = 0;
    while (recv(fd, &byte, 1, 0) > 0) {
    }
  }

  EXPECT_EQ(connected, 400);
  for (const int fd : open) close(fd);
  open.clear();
  SubmitClient client(port_);
  client.Send(GoldenFailed());
  EXPECT_TRUE(client.Close().first.ok());
}

TEST_F(MetricsServerTest, EndsWithStreamsOpen) {
  SubmitClient client(port_);
  client.Send(GoldenFailed());

  server_.reset();

  EXPECT_FALSE(client.End().first.ok());
}

}  // namespace
}  // namespace prepull
