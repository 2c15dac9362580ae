// Whom the client trusts.
#include "test/http/http_client_fixture.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HttpTlsTest : public HttpClientTest {};

TEST_F(HttpTlsTest, TrustsACertificateForTheAddress) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));

  const absl::StatusOr<HttpResponse> response = GetSecure(server);

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 200);
}

TEST_F(HttpTlsTest, TrustsACertificateForTheName) {
  HttpServer server(authority_.Sign("DNS:localhost"));

  EXPECT_THAT(Get(absl::StrCat("https://localhost:", server.port(), "/")),
              IsOk());
}

TEST_F(HttpTlsTest, ReadsALargeBody) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  const std::string body(1 << 20, 'x');
  server.Script({Answer("200 OK", body)});

  const absl::StatusOr<HttpResponse> response = GetSecure(server);

  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, body);
}

struct Untrusted {
  std::string host;
  absl::Duration from_now;
  std::string why;
};

TEST_F(HttpTlsTest, SaysWhyACertificateIsNotTrusted) {
  const std::vector<Untrusted> rows = {
      {"IP:127.0.0.2", absl::Minutes(-5), "ip address mismatch"},
      // Its common name is localhost, which no longer counts.
      {"DNS:elsewhere", absl::Minutes(-5), "ip address mismatch"},
      {"IP:127.0.0.1", absl::Hours(-2), "certificate has expired"},
      {"IP:127.0.0.1", absl::Hours(1), "certificate is not yet valid"},
  };
  for (const Untrusted& row : rows) {
    HttpServer server(authority_.Sign(row.host, row.from_now));

    EXPECT_THAT(GetSecure(server),
                StatusIs(StatusCode::kFailedPrecondition,
                         EndsWith(absl::StrCat(
                             ": certificate verification failed: ", row.why))))
        << row.why;
    EXPECT_THAT(server.requests(), IsEmpty());
  }
}

TEST_F(HttpTlsTest, TrustsNoOtherName) {
  HttpServer server(authority_.Sign("DNS:elsewhere"));

  EXPECT_THAT(Get(absl::StrCat("https://localhost:", server.port(), "/")),
              StatusIs(StatusCode::kFailedPrecondition,
                       HasSubstr("hostname mismatch")));
}

TEST_F(HttpTlsTest, TrustsNoOtherAuthority) {
  const CertificateAuthority other;
  HttpServer server(other.Sign("IP:127.0.0.1"));

  EXPECT_THAT(GetSecure(server),
              StatusIs(StatusCode::kFailedPrecondition,
                       HasSubstr("unable to get local issuer certificate")));
}

TEST_F(HttpTlsTest, TrustsAnAuthorityThatComesWithTheRequest) {
  const CertificateAuthority other;
  HttpServer server(other.Sign("IP:127.0.0.1"));
  HttpRequest request = {.url = UrlOf(server, /*is_secure=*/true),
                         .ca_file = "/ca.crt",
                         .extra_ca = {{"/other.crt", other.pem()}}};

  EXPECT_THAT(client_.Send(request, {}), IsOk());
  request.ca_file = "/none.crt";
  EXPECT_THAT(client_.Send(request, {}), IsOk());
  request.extra_ca = {{"/other.crt", "no PEM"}};
  EXPECT_THAT(client_.Send(request, {}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("/other.crt")));
}

TEST_F(HttpTlsTest, AcceptsAnyCertificateOnlyWhereTheRequestSaysSo) {
  const CertificateAuthority other;
  HttpServer server(other.Sign("DNS:elsewhere", absl::Hours(-2)));

  EXPECT_THAT(client_.Send({.url = UrlOf(server, /*is_secure=*/true),
                            .ca_file = "/none.crt",
                            .accepts_any_certificate = true},
                           {}),
              IsOk());
  EXPECT_THAT(GetSecure(server), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(HttpTlsTest, NeedsTheCaFile) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  files_.Remove("/ca.crt");

  EXPECT_THAT(GetSecure(server),
              StatusIs(StatusCode::kNotFound, HasSubstr("/ca.crt")));
}

TEST_F(HttpTlsTest, NeedsACertificateInTheCaFile) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  ASSERT_THAT(files_.WriteFileAtomically("/ca.crt", "no PEM"), IsOk());

  EXPECT_THAT(GetSecure(server),
              StatusIs(StatusCode::kInvalidArgument,
                       EndsWith("CA file /ca.crt: no PEM certificates found")));
}

TEST_F(HttpTlsTest, SaysThatTheServerSpeaksNoTls) {
  HttpServer server;
  server.Script({{.bytes = "SSH-2.0-OpenSSH_9.2\r\n", .is_deaf = true}});

  EXPECT_THAT(GetSecure(server),
              StatusIs(StatusCode::kFailedPrecondition,
                       EndsWith("TLS handshake: wrong version number (ssl "
                                "routines)")));
}

// A body without a length ends with TLS's farewell; without it somebody may
// have cut the connection.
TEST_F(HttpTlsTest, TakesNoCutConnectionForTheEnd) {
  HttpServer server(authority_.Sign("IP:127.0.0.1"));
  const std::string bytes = "HTTP/1.0 200 OK\r\n\r\nall of it?";
  server.Script({{.bytes = bytes, .then = HttpReply::Then::kCut},
                 {.bytes = bytes, .then = HttpReply::Then::kClose}});

  EXPECT_THAT(
      GetSecure(server),
      StatusIs(StatusCode::kUnavailable, HasSubstr("connection closed early")));
  EXPECT_THAT(GetSecure(server), IsOk());
}

}  // namespace
}  // namespace prepull
