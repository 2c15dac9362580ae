// Serves pages by plain HTTP/1.1, with limits on all that a client can delay or
// inflate: GET and HEAD without a body, nothing else.
//
// Source: https://www.rfc-editor.org/rfc/rfc9112
#ifndef PREPULL_HTTP_HTTP_SERVER_H_
#define PREPULL_HTTP_HTTP_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/http/listening_socket.h"

namespace prepull {

// What a client gets.
struct HttpPage {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = "";
  // Gets what follows `body`, piece by piece; "" is the end. Called when the
  // client has taken the piece before, so that a page needs the memory of one.
  std::function<std::string()> next_piece = nullptr;
};

// `path` has no query. Called on the server's thread: must not block.
using HttpPages = std::function<HttpPage(absl::string_view path)>;

struct HttpServerLimits {
  size_t connections = 64;  // more are closed at once
  uint32_t header_bytes = 8 << 10;
  // For receiving a request, for sending a piece, between two requests.
  absl::Duration idle = absl::Seconds(10);
  // For the whole of a page.
  absl::Duration page = absl::Minutes(5);
};

// Threads: made and destroyed by one.
class WebServer {
 public:
  // Serves until it is destroyed, on a thread of its own.
  WebServer(ListeningSocket socket, HttpPages pages,
            const HttpServerLimits& limits = {});
  // Closes every connection.
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

 private:
  class Server;

  const std::unique_ptr<Server> server_;
};

}  // namespace prepull

#endif  // PREPULL_HTTP_HTTP_SERVER_H_
