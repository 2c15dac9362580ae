// What is asked and what comes of it, over plain HTTP.
#include "test/http/http_client_fixture.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Then = HttpReply::Then;

TEST_F(HttpClientTest, AsksAsItIsTold) {
  HttpServer server;

  const absl::StatusOr<HttpResponse> response =
      client_.Send({.method = "PATCH",
                    .url = UrlOf(server),
                    .headers = {{"Authorization", "Bearer abc"}},
                    .body = "{}"},
                   {});

  EXPECT_THAT(response, IsOk());
  EXPECT_THAT(server.requests(),
              ElementsAre(absl::StrCat(
                  "PATCH /v2/?secret=1 HTTP/1.1\r\nUser-Agent: prepull\r\n"
                  "Authorization: Bearer abc\r\nHost: 127.0.0.1:",
                  server.port(),
                  "\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")));
}

TEST_F(HttpClientTest, GivesStatusHeadersAndBody) {
  HttpServer server;
  server.Script({Answer("429 Too Many Requests", "slow down",
                        "Retry-After: 7\r\nX-Empty:\r\n")});

  const absl::StatusOr<HttpResponse> response = GetPlain(server);

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->body, "slow down");
  EXPECT_EQ(response->Header("retry-AFTER"), "7");
  EXPECT_EQ(response->Header("X-Empty"), "");
  EXPECT_EQ(response->Header("Location"), "");
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
  HttpServer server;
  server.Script({Answer("302 Found", "", "Location: /elsewhere\r\n")});

  const absl::StatusOr<HttpResponse> response = GetPlain(server);

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->Header("Location"), "/elsewhere");
}

TEST_F(HttpClientTest, ExpectsNoBodyAfterHead) {
  HttpServer server;
  server.Script({{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"}});

  const absl::StatusOr<HttpResponse> response =
      client_.Send({.method = "HEAD", .url = UrlOf(server)}, {});

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->Header("Content-Length"), "99");
  EXPECT_EQ(response->body, "");
}

TEST_F(HttpClientTest, ReadsABodyInChunks) {
  HttpServer server;
  server.Script({{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                           "\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"}});

  const absl::StatusOr<HttpResponse> response = GetPlain(server);

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "abcde");
}

TEST_F(HttpClientTest, ReadsABodyUpToTheEndOfTheConnection) {
  HttpServer server;
  server.Script({{.bytes = "HTTP/1.0 200 OK\r\n\r\nall of it"}});

  const absl::StatusOr<HttpResponse> response = GetPlain(server);

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "all of it");
}

TEST_F(HttpClientTest, PassesOverInterimAnswers) {
  HttpServer server;
  HttpReply reply = Answer("200 OK", "body");
  reply.bytes.insert(0, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  server.Script({reply});

  const absl::StatusOr<HttpResponse> response = GetPlain(server);

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "body");
}

TEST_F(HttpClientTest, StreamsABodyOfAnySizeToItsSink) {
  HttpServer server;
  const std::string body(3 << 20, 'x');
  server.Script({Answer("200 OK", body, "X-Name: blob\r\n")});
  size_t bytes = 0;
  std::string name;

  const absl::StatusOr<HttpResponse> response =
      client_.Send({.url = UrlOf(server),
                    .sink =
                        [&](const HttpResponse& head, absl::string_view piece) {
                          bytes += piece.size();
                          name = std::string(head.Header("X-Name"));
                          return absl::OkStatus();
                        }},
                   {});

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(bytes, body.size());
  EXPECT_EQ(name, "blob");
}

TEST_F(HttpClientTest, KeepsAnErrorFromTheSink) {
  HttpServer server;
  server.Script({Answer("404 Not Found", "no such blob")});

  const absl::StatusOr<HttpResponse> response = client_.Send(
      {.url = UrlOf(server),
       .sink = [](const HttpResponse&, absl::string_view) -> absl::Status {
         return absl::InternalError("never called");
       }},
      {});

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "no such blob");
}

TEST_F(HttpClientTest, EndsWhenItsSinkHasEnough) {
  HttpServer server;
  server.Script({{.bytes = "HTTP/1.1 200 OK\r\n\r\nx", .then = Then::kRepeat}});

  const absl::StatusOr<HttpResponse> response =
      client_.Send({.url = UrlOf(server),
                    .sink =
                        [](const HttpResponse&, absl::string_view) {
                          return absl::DataLossError("wrong digest");
                        }},
                   {});

  EXPECT_THAT(response,
              StatusIs(StatusCode::kDataLoss, HasSubstr("wrong digest")));
}

struct BadAnswer {
  HttpReply reply;
  StatusCode code;
  std::string why;
};

TEST_F(HttpClientTest, SaysWhatIsWrongWithAnAnswer) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::vector<BadAnswer> rows = {
      {{.bytes = ""},
       StatusCode::kUnavailable,
       "read response: connection closed early"},
      {{.bytes = "HTTP/1.1 200"},
       StatusCode::kUnavailable,
       "read response: connection closed early"},
      {{.bytes = ok + "Content-Length: 9\r\n\r\nhalf"},
       StatusCode::kUnavailable,
       "read body: connection closed early"},
      {{.bytes = ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
       StatusCode::kUnavailable,
       "read body: connection closed early"},
      {{.bytes = "SSH-2.0-OpenSSH_9.2\r\n"},
       StatusCode::kInvalidArgument,
       "read response: invalid HTTP: bad version"},
      {{.bytes = ok + "Content-Length: -1\r\n\r\n"},
       StatusCode::kInvalidArgument,
       "read response: invalid HTTP: bad Content-Length"},
      {{.bytes = ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"},
       StatusCode::kInvalidArgument,
       "read body: invalid HTTP: bad chunk"},
      {{.bytes = ok + "X: " + std::string(1000, 'x') + "\r\nY: ",
        .then = Then::kRepeat},
       StatusCode::kInvalidArgument,
       "read response: headers larger than 65536 bytes"},
      {{.bytes = std::string(1000, 'x'), .then = Then::kRepeat},
       StatusCode::kInvalidArgument,
       "read response: invalid HTTP: bad version"},
      {{.bytes = "HTTP/1.1 100 Continue\r\n\r\n", .then = Then::kRepeat},
       StatusCode::kInvalidArgument,
       "read response: too many 1xx responses"},
      {{.bytes = ok + "\r\n" + std::string(1 << 20, 'x') + "x"},
       StatusCode::kInvalidArgument,
       "read body: larger than 1048576 bytes"},
      {{.bytes = ok + "\r\nx", .then = Then::kRepeat},
       StatusCode::kInvalidArgument,
       "read body: larger than 1048576 bytes"},
  };
  for (const BadAnswer& row : rows) {
    HttpServer server;
    server.Script({row.reply});

    EXPECT_THAT(GetPlain(server),
                StatusIs(row.code, absl::StrCat("GET 127.0.0.1:", server.port(),
                                                ": ", row.why)))
        << row.reply.bytes.substr(0, 100);
  }
}

TEST_F(HttpClientTest, SaysThatNobodyListens) {
  std::string url;
  {
    const HttpServer gone;
    url = UrlOf(gone);
  }

  const absl::StatusOr<HttpResponse> response = Get(url);

  EXPECT_THAT(response, StatusIs(StatusCode::kUnavailable,
                                 HasSubstr("connect: connection refused")));
  EXPECT_THAT(response,
              StatusIs(StatusCode::kUnavailable, Not(HasSubstr("secret"))));
}

TEST_F(HttpClientTest, SendsNothingThatIsMalformed) {
  HttpServer server;

  EXPECT_THAT(client_.Send({.method = "GET /", .url = UrlOf(server)}, {}),
              StatusIs(StatusCode::kInvalidArgument, "invalid HTTP method"));
  EXPECT_THAT(
      client_.Send({.url = UrlOf(server),
                    .headers = {{"Authorization", "a\r\nX-Other: b"}}},
                   {}),
      StatusIs(StatusCode::kInvalidArgument, "invalid header Authorization"));
  EXPECT_THAT(Get("ftp://127.0.0.1/"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST_F(HttpClientTest, SpeaksToAnIpv6Literal) {
  HttpServer server(std::nullopt, "::1");

  const absl::StatusOr<HttpResponse> response =
      Get(absl::StrCat("http://[::1]:", server.port(), "/"));

  ASSERT_THAT(response, IsOk());
  EXPECT_THAT(server.requests()[0],
              HasSubstr(absl::StrCat("Host: [::1]:", server.port(), "\r\n")));
}

}  // namespace
}  // namespace prepull
