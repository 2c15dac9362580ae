// Sends HTTP requests, with limits on all that a server can delay or inflate.
//
// A call uses a connection that a recent GET or HEAD has left open, or a new
// one. Redirects, retries and the choice of a proxy are left to the caller. The
// server's certificate must be valid for the host of the URL and signed by one
// in the CA files, unless the request accepts any; TLS is 1.2 or later.
//
// Threads: safe to share.
#ifndef PREPULL_HTTP_HTTP_CLIENT_H_
#define PREPULL_HTTP_HTTP_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/http/proxy.h"

namespace prepull {

struct HttpHeader {
  std::string name = "";
  std::string value = "";
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers = {};
  std::string body = "";

  // Returns the first header `name`, in any case, or "".
  absl::string_view Header(absl::string_view name) const;
};

// Receives a piece of the body; `head` has no body. An error ends the call with
// that error.
using BodySink = std::function<absl::Status(const HttpResponse& head,
                                            absl::string_view piece)>;

struct HttpLimits {
  // From resolving the host to the end of the TLS handshake; with a proxy, to
  // the proxy and again behind it.
  absl::Duration connect = absl::Seconds(10);
  // For sending the request, for receiving the head, and between two pieces of
  // the body.
  absl::Duration idle = absl::Seconds(30);
  // For the whole call.
  Instant until = Instant::Never();
  // Of a body in the response; one for a sink has no limit.
  int64_t body_bytes = 1 << 20;
};

// The contents of a file of certificates, PEM.
struct CaFile {
  std::string path = "";  // for messages
  std::string pem = "";

  friend bool operator==(const CaFile&, const CaFile&) = default;
};

// Who a client is, for a server that asks for its certificate.
struct ClientCertificate {
  std::string place = "";        // where it comes from, for messages
  std::string certificate = "";  // PEM, its chain behind it
  std::string key = "";          // PEM, not encrypted

  friend bool operator==(const ClientCertificate&,
                         const ClientCertificate&) = default;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = "";  // http:// or https://
  // Host, Connection and Content-Length are added; User-Agent if it is
  // missing.
  std::vector<HttpHeader> headers = {};
  std::string body = "";
  // Receives the body of a 2xx response in place of the response. Called on the
  // caller's thread.
  BodySink sink = nullptr;
  HttpLimits limits = {};
  // PEM. The path in Debian and in our image: a statically linked OpenSSL has
  // no valid default.
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";
  // PEM, trusted in addition; if given, ca_file may be missing or "".
  std::string extra_ca_file = "";
  // The same of files that have been read.
  std::vector<CaFile> extra_ca = {};
  // Whether no certificate is checked, so that anybody may be the server.
  bool accepts_any_certificate = false;
  // Whom the server's certificate must be for; "" = the host of the URL.
  std::string server_name = "";
  std::optional<ClientCertificate> client_certificate = std::nullopt;
  // An https URL uses a tunnel (CONNECT).
  std::optional<HttpProxy> proxy = std::nullopt;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Blocks until the response is complete, whatever its status is. Messages
  // name method, host and port, also of a proxy, never a path, query, user or
  // header. Errors, besides those of a sink:
  //   INVALID_ARGUMENT     invalid request; response invalid or too large
  //   UNAVAILABLE          unknown host, refused, reset, closed early; the
  //   proxy
  //                        cannot connect
  //   PERMISSION_DENIED    the proxy refuses (407, or another 4xx to CONNECT)
  //   FAILED_PRECONDITION  certificate verification or TLS handshake failed
  //   DEADLINE_EXCEEDED    a limit has passed
  //   CANCELLED            `stop` was requested
  //   others               a CA file cannot be read
  virtual absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                            const std::stop_token& stop) = 0;
};

// Both must outlive the client.
std::unique_ptr<HttpClient> MakeHttpClient(FileSystem& files, Clock& clock);

}  // namespace prepull

#endif  // PREPULL_HTTP_HTTP_CLIENT_H_
