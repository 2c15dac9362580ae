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

TEST_F(HttpTlsTest, TrustsOnlyTheNameThatTheRequestSays) {
  HttpServer server(authority_.Sign("DNS:kubernetes"));
  HttpRequest request = {.url = UrlOf(server, /*is_secure=*/true),
                         .ca_file = "/ca.crt",
                         .server_name = "kubernetes"};

  EXPECT_THAT(client_.Send(request, {}), IsOk());
  request.server_name = "elsewhere";
  EXPECT_THAT(client_.Send(request, {}),
              StatusIs(StatusCode::kFailedPrecondition,
                       HasSubstr("hostname mismatch")));
}

class HttpClientCertificateTest : public HttpClientTest {
 protected:
  absl::StatusOr<HttpResponse> GetAs(std::optional<ClientCertificate> client) {
    return client_.Send({.url = UrlOf(server_, /*is_secure=*/true),
                         .ca_file = "/ca.crt",
                         .client_certificate = std::move(client)},
                        {});
  }

  static ClientCertificate Signed(const CertificateAuthority& authority) {
    Certificate made = authority.Sign("DNS:client");
    return {"/me", std::move(made.certificate_pem), std::move(made.key_pem)};
  }

  CertificateAuthority clients_;
  HttpServer server_{authority_.Sign("IP:127.0.0.1"), "127.0.0.1",
                     clients_.pem()};
};

TEST_F(HttpClientCertificateTest, ShowsItsCertificate) {
  EXPECT_THAT(GetAs(Signed(clients_)), IsOk());
}

TEST_F(HttpClientCertificateTest, IsNotLetInWithoutIt) {
  EXPECT_THAT(GetAs(std::nullopt), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(GetAs(Signed(authority_)), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(HttpClientCertificateTest, SharesNoConnectionWithAnother) {
  HttpReply open = Answer("200 OK");
  open.second_bytes = open.bytes;
  server_.Script({open});
  const ClientCertificate client = Signed(clients_);
  ASSERT_THAT(GetAs(client), IsOk());

  EXPECT_THAT(GetAs(std::nullopt), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(GetAs(client), IsOk());
  EXPECT_EQ(server_.requests().size(), 2);
}

TEST_F(HttpClientCertificateTest, SaysWhatIsWrongWithIt) {
  const ClientCertificate good = Signed(clients_);
  const std::string encrypted =
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
      "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
      "AAAAAAAAAAAAAAAAAAAAAA==\n-----END EC PRIVATE KEY-----\n";
  const std::vector<std::pair<ClientCertificate, std::string>> rows = {
      {{"/me", "no PEM", good.key}, "no PEM certificate found"},
      {{"/me", good.certificate, "no PEM"}, "no PEM key found"},
      {{"/me", good.certificate, Signed(clients_).key},
       "its key belongs to another"},
      {{"/me", good.certificate, encrypted}, "its key is encrypted"},
  };
  for (const auto& [client, why] : rows) {
    EXPECT_THAT(GetAs(client),
                StatusIs(StatusCode::kInvalidArgument,
                         EndsWith("client certificate of /me: " + why)));
  }
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
