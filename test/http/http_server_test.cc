#include "prepull/http/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// A client that says what it likes.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit = {.tv_sec = 30, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address),
                         sizeof(address)) == 0;
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }

  void Say(const std::string& text) const {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), text.size());
  }

  // Until the server closes the connection.
  std::string ReadAll() const {
    std::string all;
    while (true) {
      const std::string some = ReadSome();
      if (some.empty()) return all;
      all += some;
    }
  }

  // Until `end` came.
  std::string ReadUntil(const std::string& end) const {
    std::string all;
    while (all.find(end) == std::string::npos) {
      const std::string some = ReadSome();
      if (some.empty()) break;
      all += some;
    }
    return all;
  }

 private:
  std::string ReadSome() const {
    std::string some(4096, '\0');
    const ssize_t size = recv(fd_, some.data(), some.size(), 0);
    some.resize(size > 0 ? size : 0);
    return some;
  }

  const int fd_;
  bool connected_ = false;
};

class HttpServerTest : public testing::Test {
 protected:
  void Serve(const HttpServerLimits& limits = {}) {
    absl::StatusOr<ListeningSocket> socket = ListeningSocket::Open(0);
    ASSERT_THAT(socket, IsOk());
    port_ = socket->port();
    server_ = std::make_unique<WebServer>(
        *std::move(socket), [](absl::string_view path) { return PageAt(path); },
        limits);
  }

  static HttpPage PageAt(absl::string_view path) {
    if (path == "/text") return {.body = "hello\n"};
    if (path == "/pieces") {
      return {.content_type = "application/json",
              .body = "[",
              .next_piece = [left = 3]() mutable -> std::string {
                return left-- > 0 ? absl::StrCat(left) : "";
              }};
    }
    if (path == "/endless") {
      return {.next_piece = [] { return std::string(64 << 10, 'x'); }};
    }
    if (path == "/endless-and-slow") {
      // Each piece is made in more time than the page has, so that the end
      // comes between two writes.
      return {.next_piece = [] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return std::string(64 << 10, 'x');
      }};
    }
    return {.status = 404, .body = "not here\n"};
  }

  std::string Ask(const std::string& request) const {
    const RawClient client(port_);
    client.Say(request);
    return client.ReadAll();
  }

  uint16_t port_ = 0;
  std::unique_ptr<WebServer> server_;
};

TEST_F(HttpServerTest, ServesAPage) {
  Serve();

  EXPECT_EQ(Ask("GET /text?x=/y HTTP/1.1\r\nHost: a\r\nConnection: close"
                "\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Connection: close\r\nContent-Length: 6\r\n\r\nhello\n");
}

TEST_F(HttpServerTest, ServesAPageInPieces) {
  Serve();

  EXPECT_THAT(
      Ask("GET /pieces HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      AllOf(HasSubstr("\r\nTransfer-Encoding: chunked\r\n"),
            HasSubstr("\r\nContent-Type: application/json\r\n"),
            EndsWith("\r\n\r\n1\r\n[\r\n1\r\n2\r\n1\r\n1\r\n1\r\n0\r\n"
                     "0\r\n\r\n")));
  EXPECT_THAT(Ask("GET /pieces HTTP/1.0\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.0 200 OK\r\n"),
                    Not(HasSubstr("chunked")), EndsWith("\r\n\r\n[210")));
  EXPECT_THAT(
      Ask("HEAD /pieces HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, KeepsAConnectionForAnotherRequest) {
  Serve();
  const RawClient client(port_);

  client.Say("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  client.Say("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("not here\n"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(HttpServerTest, RefusesWhatItDoesNotServe) {
  Serve();

  EXPECT_THAT(Ask("POST /text HTTP/1.1\r\nHost: a\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "),
                    HasSubstr("\r\nAllow: GET, HEAD\r\n")));
  EXPECT_THAT(Ask("GET /text HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("GET /text HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
                  "\r\n\r\n5\r\nhello\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("\x16\x03\x01 not HTTP\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(
      Ask("GET /text HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"),
      StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, ClosesAConnectionThatIsTooSlow) {
  Serve({.idle = absl::Milliseconds(50)});

  EXPECT_THAT(Ask("GET /te"), IsEmpty());
  EXPECT_THAT(Ask("GET /text HTTP/1.1\r\nHost: a\r\n\r\n"),
              EndsWith("hello\n"));
}

TEST_F(HttpServerTest, EndsAPageThatTakesTooLong) {
  Serve({.page = absl::Milliseconds(50)});

  EXPECT_THAT(Ask("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"),
              StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, EndsAPageThatNoWriteHoldsUp) {
  Serve({.page = absl::Milliseconds(1)});

  EXPECT_THAT(Ask("GET /endless-and-slow HTTP/1.1\r\nHost: a\r\n\r\n"),
              StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, HasAPlaceForSoManyAndClosesTheOthers) {
  Serve({.connections = 2});
  const RawClient first(port_);
  const RawClient second(port_);
  first.Say("GET /text HTTP/1.1\r\nHost: a\r\n\r\n");
  first.ReadUntil("hello\n");
  second.Say("GET /text HTTP/1.1\r\nHost: a\r\n\r\n");
  second.ReadUntil("hello\n");

  const RawClient third(port_);

  EXPECT_THAT(third.ReadAll(), IsEmpty());
}

TEST_F(HttpServerTest, EndsWithClientsConnected) {
  Serve();
  const RawClient reading(port_);
  reading.Say("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  reading.ReadUntil("xxxx");
  const RawClient silent(port_);

  server_.reset();

  EXPECT_THAT(silent.ReadAll(), IsEmpty());
}

TEST(ListeningSocketTest, SaysWhichPortIsTaken) {
  const absl::StatusOr<ListeningSocket> first = ListeningSocket::Open(0);
  ASSERT_THAT(first, IsOk());

  EXPECT_EQ(ListeningSocket::Open(first->port()).status().message(),
            absl::StrCat("listen on port ", first->port(),
                         ": bind: address already in use"));
}

}  // namespace
}  // namespace prepull
