// One question to one HTTP server over the network, with limits on everything
// that a server can draw out.
//
// A call asks and reads the answer, over a connection that a GET or a HEAD
// shortly before has left open, or a new one. It follows no redirect and
// repeats nothing, and asks a proxy if it is told to: that is for the caller
// to decide. A certificate must lead to the CA files and be made out to the
// host of the URL; TLS is 1.2 or later.
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

  // The first header called `name`, in whatever case; empty if there is none.
  absl::string_view Header(absl::string_view name) const;
};

// Takes a piece of the body; `head` has no body. An error ends the call, and
// is what the call ends with.
using BodySink = std::function<absl::Status(const HttpResponse& head,
                                            absl::string_view piece)>;

struct HttpLimits {
  // From looking up the name to the end of the TLS handshake; through a
  // proxy, to the proxy and again behind it.
  absl::Duration connect = absl::Seconds(10);
  // How long the server may take to accept the request, to send all of its
  // head, and between two pieces of its body.
  absl::Duration idle = absl::Seconds(30);
  // For the whole call.
  Instant until = Instant::Never();
  // Of a body that goes into the response; one for a sink has no limit.
  int64_t body_bytes = 1 << 20;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = "";  // http:// or https://
  // Host, Connection and Content-Length are added; User-Agent if it is
  // missing.
  std::vector<HttpHeader> headers = {};
  std::string body = "";
  // Where the body of a 2xx answer goes, if not into the response. Called on
  // the caller's thread.
  BodySink sink = nullptr;
  HttpLimits limits = {};
  // PEM. The default is Debian's and our image's: what OpenSSL would take by
  // itself is not where we link it statically.
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";
  // PEM that is trusted as well; with it the other may be missing.
  std::string extra_ca_file = "";
  // An https URL is asked through a tunnel (CONNECT).
  std::optional<HttpProxy> proxy = std::nullopt;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Blocks until the answer is there, whatever its status is. Messages name
  // method, host and port, those of a proxy too, never a path, query, user or
  // header. Errors, besides those of a sink:
  //   INVALID_ARGUMENT     the request is malformed; the answer is larger than
  //                        allowed or no HTTP
  //   UNAVAILABLE          no such host, refused, reset, cut short; the proxy
  //                        makes no connection
  //   PERMISSION_DENIED    the proxy refuses (407, or another 4xx to CONNECT)
  //   FAILED_PRECONDITION  the certificate is not to be trusted, or TLS cannot
  //                        be agreed on
  //   DEADLINE_EXCEEDED    a limit has passed
  //   CANCELLED            `stop` was requested
  //   others               a CA file cannot be read
  virtual absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                            const std::stop_token& stop) = 0;
};

// Both outlive the client.
std::unique_ptr<HttpClient> MakeHttpClient(FileSystem& files, Clock& clock);

}  // namespace prepull

#endif  // PREPULL_HTTP_HTTP_CLIENT_H_
