// How long a server may keep the client waiting, and how fast a stop is heard,
// in each phase of a call.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "test/http/http_client_fixture.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::EndsWith;
using ::testing::Lt;

using Then = HttpReply::Then;

constexpr absl::Duration kShort = absl::Milliseconds(100);
constexpr absl::Duration kAtOnce = absl::Seconds(2);

// A listener whose queue is full, so that the kernel drops whoever knocks.
class FullListener {
 public:
  FullListener() {
    const bool listens = bind(fd_, address(), size_) == 0 &&
                         listen(fd_, 0) == 0 &&
                         getsockname(fd_, address(), &size_) == 0 &&
                         connect(guest_, address(), size_) == 0;
    EXPECT_TRUE(listens);
  }
  ~FullListener() {
    close(guest_);
    close(fd_);
  }

  std::string url() const {
    return absl::StrCat("http://127.0.0.1:", ntohs(address_.sin_port), "/");
  }

 private:
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }

  sockaddr_in address_ = {.sin_family = AF_INET,
                          .sin_port = 0,
                          .sin_addr = {htonl(INADDR_LOOPBACK)},
                          .sin_zero = {}};
  socklen_t size_ = sizeof(address_);
  int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int guest_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

class HttpLimitsTest : public HttpClientTest {
 protected:
  // What a call ends with that is told to stop once `ready` returns.
  absl::StatusOr<HttpResponse> StopAfter(const std::string& url,
                                         const std::function<bool()>& ready) {
    std::jthread stopper([&] {
      EXPECT_TRUE(ready());
      stop_.request_stop();
    });
    return Get(url);
  }

  Instant start_ = clock_.Now();
};

TEST_F(HttpLimitsTest, EndsWhileNobodyTakesTheConnection) {
  const FullListener listener;
  limits_.connect = kShort;

  EXPECT_THAT(Get(listener.url()), StatusIs(StatusCode::kDeadlineExceeded,
                                            EndsWith("connect: timed out")));
}

TEST_F(HttpLimitsTest, EndsWhileNobodyShakesHands) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  server.Script({{.is_deaf = true}});
  limits_.connect = kShort;

  EXPECT_THAT(GetSecure(server),
              StatusIs(StatusCode::kDeadlineExceeded,
                       EndsWith("TLS handshake: timed out")));
}

TEST_F(HttpLimitsTest, EndsWhileNoAnswerComes) {
  HttpServer server;
  server.Script({{.then = Then::kHang}});
  limits_.idle = kShort;

  EXPECT_THAT(GetPlain(server), StatusIs(StatusCode::kDeadlineExceeded,
                                         EndsWith("read response: timed "
                                                  "out")));
}

TEST_F(HttpLimitsTest, EndsWhileTheHeadersDrip) {
  HttpServer server;
  server.Script({{.bytes = "HTTP/1.1 200 OK\r\n" + std::string(99999, 'x'),
                  .drip = absl::Milliseconds(10)}});
  limits_.idle = kShort;

  EXPECT_THAT(GetPlain(server), StatusIs(StatusCode::kDeadlineExceeded,
                                         EndsWith("read response: timed "
                                                  "out")));
}

TEST_F(HttpLimitsTest, EndsWhileTheBodyStands) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  server.Script({{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
                  .then = Then::kHang}});
  limits_.idle = kShort;

  EXPECT_THAT(GetSecure(server), StatusIs(StatusCode::kDeadlineExceeded,
                                          EndsWith("read body: timed "
                                                   "out")));
}

TEST_F(HttpLimitsTest, EndsABodyThatDripsForEver) {
  HttpServer server;
  server.Script({{.bytes = "HTTP/1.1 200 OK\r\n\r\n" + std::string(9999, 'x'),
                  .drip = absl::Milliseconds(1)}});
  limits_.until = start_ + absl::Milliseconds(300);

  EXPECT_THAT(GetPlain(server), StatusIs(StatusCode::kDeadlineExceeded,
                                         EndsWith("read body: timed out")));
  EXPECT_THAT(clock_.Now() - start_, Lt(kAtOnce));
}

TEST_F(HttpLimitsTest, IsPatientWithASlowBodyThatMoves) {
  HttpServer server;
  HttpReply reply = Answer("200 OK", "slow but steady");
  reply.drip = absl::Milliseconds(5);
  server.Script({reply});
  limits_.idle = absl::Seconds(5);

  EXPECT_THAT(GetPlain(server), IsOk());
}

TEST_F(HttpLimitsTest, HearsAStopBeforeItBegins) {
  HttpServer server;
  stop_.request_stop();

  EXPECT_THAT(GetPlain(server), StatusIs(StatusCode::kCancelled));
}

TEST_F(HttpLimitsTest, HearsAStopWhileItConnects) {
  const FullListener listener;

  EXPECT_THAT(StopAfter(listener.url(), [] { return true; }),
              StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(clock_.Now() - start_, Lt(kAtOnce));
}

TEST_F(HttpLimitsTest, HearsAStopWhileItShakesHands) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  server.Script({{.is_deaf = true}});

  EXPECT_THAT(StopAfter(UrlOf(server, /*is_secure=*/true),
                        [&] { return server.WaitUntilConnected(1); }),
              StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(clock_.Now() - start_, Lt(kAtOnce));
}

TEST_F(HttpLimitsTest, HearsAStopWhileItWaitsForTheAnswer) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  server.Script({{.then = Then::kHang}});

  EXPECT_THAT(StopAfter(UrlOf(server, /*is_secure=*/true),
                        [&] { return server.WaitUntilAsked(1); }),
              StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(clock_.Now() - start_, Lt(kAtOnce));
}

TEST_F(HttpLimitsTest, HearsAStopWhileItReadsTheBody) {
  HttpServer server;
  server.Script(
      {{.bytes = "HTTP/1.1 200 OK\r\n\r\nbegun", .then = Then::kHang}});

  const absl::StatusOr<HttpResponse> response =
      client_.Send({.url = UrlOf(server),
                    .sink =
                        [&](const HttpResponse&, absl::string_view) {
                          stop_.request_stop();
                          return absl::OkStatus();
                        }},
                   stop_.get_token());

  EXPECT_THAT(response, StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(clock_.Now() - start_, Lt(kAtOnce));
}

// Name servers that do not answer keep getaddrinfo(3) busy for half a minute.
class HttpLookupTest : public HttpLimitsTest {
 protected:
  // Outlives the test: the thread that asks is left behind.
  struct NameServer {
    std::promise<void> asked;
    std::promise<std::vector<std::string>> answer;
  };

  ~HttpLookupTest() override { names_->answer.set_value({}); }

  const std::shared_ptr<NameServer> names_ = std::make_shared<NameServer>();
  SystemHttpClient lost_{files_, clock_,
                         [names = names_](const std::string&)
                             -> absl::StatusOr<std::vector<std::string>> {
                           names->asked.set_value();
                           return names->answer.get_future().get();
                         }};
};

TEST_F(HttpLookupTest, EndsWhileTheNameIsLookedUp) {
  EXPECT_THAT(lost_.Send({.url = "https://example.test/",
                          .limits = {.connect = kShort},
                          .ca_file = "/ca.crt"},
                         {}),
              StatusIs(StatusCode::kDeadlineExceeded,
                       "GET example.test: resolve host: timed out"));
}

TEST_F(HttpLookupTest, HearsAStopWhileTheNameIsLookedUp) {
  std::jthread stopper([&] {
    names_->asked.get_future().wait();
    stop_.request_stop();
  });

  EXPECT_THAT(lost_.Send({.url = "http://example.test/"}, stop_.get_token()),
              StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(clock_.Now() - start_, Lt(kAtOnce));
}

TEST_F(HttpLimitsTest, SaysThatTheNameIsUnknown) {
  SystemHttpClient client(
      files_, clock_,
      [](const std::string&) -> absl::StatusOr<std::vector<std::string>> {
        return absl::UnavailableError("name or service not known");
      });

  EXPECT_THAT(client.Send({.url = "http://example.test/"}, {}),
              StatusIs(StatusCode::kUnavailable,
                       "GET example.test: resolve host: name or service "
                       "not known"));
}

TEST_F(HttpLimitsTest, TriesTheNextAddress) {
  HttpServer server;
  SystemHttpClient client(
      files_, clock_,
      [](const std::string&) -> absl::StatusOr<std::vector<std::string>> {
        return std::vector<std::string>{"127.0.0.99", "127.0.0.1"};
      });

  EXPECT_THAT(client.Send({.url = absl::StrCat(
                               "http://example.test:", server.port(), "/")},
                          {}),
              IsOk());
}

}  // namespace
}  // namespace prepull
