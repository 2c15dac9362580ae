// How the client goes through a proxy, and over one connection again.
#include "test/http/http_client_fixture.h"
#include "test/support/proxy_server.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class HttpProxyTest : public HttpClientTest {
 protected:
  // bob:hidden at the proxy.
  absl::StatusOr<HttpResponse> GetThrough(uint16_t proxy_port,
                                          const std::string& url) {
    return client_.Send(
        {.url = url,
         .limits = limits_,
         .ca_file = "/ca.crt",
         .proxy = HttpProxy{.host = "127.0.0.1",
                            .port = proxy_port,
                            .authority = absl::StrCat("proxy:", proxy_port),
                            .authorization = "Basic Ym9iOmhpZGRlbg=="}},
        stop_.get_token());
  }
};

TEST_F(HttpProxyTest, TlsIsSpokenWithTheServerInATunnel) {
  HttpServer server(authority_.Sign("DNS:r.example"));
  server.Script({Answer("200 OK", "its body")});
  ProxyServer proxy;
  const std::string authority = absl::StrCat("r.example:", server.port());

  const auto response = GetThrough(
      proxy.port(), absl::StrCat("https://", authority, "/v2/?secret=1"));

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "its body");
  EXPECT_THAT(proxy.requests(),
              ElementsAre(absl::StrCat(
                  "CONNECT ", authority, " HTTP/1.1\r\nHost: ", authority,
                  "\r\nProxy-Authorization: Basic Ym9iOmhpZGRlbg==\r\n\r\n")));
  EXPECT_THAT(server.requests(),
              ElementsAre(AllOf(StartsWith("GET /v2/?secret=1 HTTP/1.1\r\n"),
                                Not(HasSubstr("Proxy-")))));
}

TEST_F(HttpProxyTest, APlainRequestGoesToTheProxyAsAWhole) {
  HttpServer server;
  server.Script({Answer("200 OK", "its body")});
  ProxyServer proxy;
  const std::string url =
      absl::StrCat("http://r.example:", server.port(), "/v2/?x");

  const auto response = GetThrough(proxy.port(), url);

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "its body");
  EXPECT_THAT(
      proxy.requests(),
      ElementsAre(AllOf(
          StartsWith(absl::StrCat("GET ", url, " HTTP/1.1\r\n")),
          HasSubstr(absl::StrCat("Host: r.example:", server.port(), "\r\n")),
          HasSubstr("Proxy-Authorization: Basic Ym9iOmhpZGRlbg==\r\n"))));
}

TEST_F(HttpProxyTest, TheProxyIsNotTheServer) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  ProxyServer proxy;

  EXPECT_THAT(
      GetThrough(proxy.port(),
                 absl::StrCat("https://r.example:", server.port(), "/")),
      StatusIs(StatusCode::kFailedPrecondition,
               HasSubstr("hostname mismatch")));
}

struct Refusal {
  std::string status;
  StatusCode code;
  std::string text;
};

TEST_F(HttpProxyTest, ARefusalNamesTheProxyAndNoSecret) {
  const std::vector<Refusal> rows = {
      {"407 Who", StatusCode::kPermissionDenied, "proxy responded 407"},
      {"403 No", StatusCode::kPermissionDenied, "proxy responded 403"},
      {"502 Down", StatusCode::kUnavailable, "proxy responded 502"},
      {"302 There", StatusCode::kUnavailable, "proxy responded 302"},
  };
  for (const Refusal& row : rows) {
    ProxyServer proxy(row.status);

    const auto response =
        GetThrough(proxy.port(), "https://r.example/v2/?secret=1");

    EXPECT_THAT(
        response,
        StatusIs(row.code, absl::StrCat("GET r.example via proxy proxy:",
                                        proxy.port(), ": ", row.text)));
  }
}

TEST_F(HttpProxyTest, ForPlainHttpTheProxyMayAskForCredentialsToo) {
  ProxyServer proxy("407 Who");

  EXPECT_THAT(
      GetThrough(proxy.port(), "http://r.example/"),
      StatusIs(StatusCode::kPermissionDenied, EndsWith("proxy responded 407")));
}

TEST_F(HttpProxyTest, NothingFromBeforeTheHandshakeCounts) {
  HttpServer proxy;
  proxy.Script({{.bytes = "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}});

  EXPECT_THAT(GetThrough(proxy.port(), "https://r.example/"),
              StatusIs(StatusCode::kInvalidArgument,
                       EndsWith("unexpected data from the proxy")));
}

TEST_F(HttpProxyTest, AProxyThatIsNotThereIsUnavailable) {
  uint16_t port = 0;
  {
    const ProxyServer gone;
    port = gone.port();
  }

  EXPECT_THAT(GetThrough(port, "https://r.example/"),
              StatusIs(StatusCode::kUnavailable,
                       EndsWith("connect: connection refused")));
}

// Serves both requests of a connection that stays open.
HttpReply TwoAnswers() {
  const std::string one = Answer("200 OK", "one").bytes;
  return {.bytes = one, .then = HttpReply::Then::kHang, .second_bytes = one};
}

class HttpKeepAliveTest : public HttpClientTest {};

TEST_F(HttpKeepAliveTest, TheSecondQuestionGoesOverTheSameConnection) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  server.Script({TwoAnswers(), {.then = HttpReply::Then::kCut}});

  EXPECT_THAT(GetSecure(server), IsOk());
  EXPECT_THAT(GetSecure(server), IsOk());

  EXPECT_THAT(server.requests(), SizeIs(2));
}

TEST_F(HttpKeepAliveTest, AConnectionThatWasClosedIsMadeAnew) {
  HttpServer server;
  server.Script({Answer("200 OK", "first"), Answer("200 OK", "second")});
  ASSERT_THAT(GetPlain(server), IsOk());

  const auto second = GetPlain(server);

  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->body, "second");
}

TEST_F(HttpKeepAliveTest, AnotherTrustNeedsAnotherConnection) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  server.Script({TwoAnswers()});
  ASSERT_THAT(GetSecure(server), IsOk());
  const CertificateAuthority other;
  ASSERT_THAT(files_.WriteFileAtomically("/ca.crt", other.pem()), IsOk());

  EXPECT_THAT(GetSecure(server), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(HttpKeepAliveTest, WhatChangesSomethingIsSentOnce) {
  HttpServer server;
  server.Script({Answer("200 OK"), {.then = HttpReply::Then::kCut}});
  ASSERT_THAT(GetPlain(server), IsOk());

  EXPECT_THAT(
      client_.Send({.method = "POST", .url = UrlOf(server), .body = "x"},
                   stop_.get_token()),
      StatusIs(StatusCode::kUnavailable));

  EXPECT_THAT(server.requests(), SizeIs(2));
}

class ExtraCaFileTest : public HttpClientTest {
 protected:
  absl::StatusOr<HttpResponse> GetWith(const HttpServer& server,
                                       const std::string& ca_file,
                                       const std::string& extra) {
    return client_.Send({.url = UrlOf(server, /*is_secure=*/true),
                         .ca_file = ca_file,
                         .extra_ca_file = extra},
                        stop_.get_token());
  }
};

TEST_F(ExtraCaFileTest, IsTrustedBesidesTheOther) {
  const CertificateAuthority other;
  ASSERT_THAT(files_.WriteFileAtomically("/other.crt", other.pem()), IsOk());
  HttpServer server(authority_.Sign("IP:127.0.0.1"));

  EXPECT_THAT(GetWith(server, "/other.crt", "/ca.crt"), IsOk());
  EXPECT_THAT(GetWith(server, "/ca.crt", "/other.crt"), IsOk());
  EXPECT_THAT(GetWith(server, "/other.crt", "/other.crt"),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(ExtraCaFileTest, NeedsNoOther) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));

  EXPECT_THAT(GetWith(server, "/missing.crt", "/ca.crt"), IsOk());
  EXPECT_THAT(GetWith(server, "/ca.crt", "/missing.crt"),
              StatusIs(StatusCode::kNotFound, HasSubstr("/missing.crt")));
}

}  // namespace
}  // namespace prepull
