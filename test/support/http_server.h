// A server on loopback that answers with the bytes a test gives it, over TLS
// or not, and is as badly behaved as it is told to be.
//
// It speaks no HTTP of its own beyond finding where a request ends, and uses
// none of what the client is made of. Threads: safe to share.
#ifndef PREPULL_TEST_SUPPORT_HTTP_SERVER_H_
#define PREPULL_TEST_SUPPORT_HTTP_SERVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "test/support/certificates.h"

namespace prepull {

// What one connection gets.
struct HttpReply {
  enum class Then {
    kClose,   // in order
    kCut,     // without TLS's farewell
    kHang,    // the connection stays open
    kRepeat,  // the bytes again and again
  };

  std::string bytes = "";
  Then then = Then::kClose;
  // Between two bytes.
  absl::Duration drip = absl::ZeroDuration();
  // Says its bytes unasked, and hears neither handshake nor request.
  bool is_deaf = false;
  // To the second request of the same connection, if there is to be one.
  std::string second_bytes = "";
};

// A whole answer: `status` is "200 OK".
HttpReply Answer(absl::string_view status, absl::string_view body = "",
                 absl::string_view headers = "");

class HttpServer {
 public:
  // Plain HTTP without a certificate. Listens from here on, at `address`
  // ("127.0.0.1" or "::1"). With `client_authority`, PEM, it lets in only whom
  // that has signed.
  explicit HttpServer(std::optional<Certificate> certificate = std::nullopt,
                      const std::string& address = "127.0.0.1",
                      const std::string& client_authority = "");
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;

  // What the next connections get, in order; behind them the last repeats.
  void Script(std::vector<HttpReply> replies);

  // The requests so far, each as it came.
  std::vector<std::string> requests() const;

  // Whether so many connections were made, or requests read, within a
  // generous bound.
  bool WaitUntilConnected(int connections);
  bool WaitUntilAsked(int requests);

 private:
  class Server;

  std::unique_ptr<Server> server_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_HTTP_SERVER_H_
