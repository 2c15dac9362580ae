// One connection of the fake API server, with or without TLS: reads requests,
// writes answers.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_HTTP_STREAM_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_HTTP_STREAM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"

struct ssl_ctx_st;
struct ssl_st;

namespace prepull {

class HttpStream {
 public:
  // Does not close `fd`. `tls`: null = without.
  HttpStream(int fd, ssl_ctx_st* tls);
  ~HttpStream();
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  // Says to the client that nothing follows.
  void End();

  // Returns the next request, with a URL of any origin; nothing at the end.
  std::optional<HttpRequest> Read();

  // Whether the client wants to ask more after the last request.
  bool keeps_alive() const { return keeps_alive_; }

  // Each returns whether the client has taken it.
  bool Write(const HttpResponse& response);
  bool WriteHead(const HttpResponse& response);  // of one in chunks
  bool WriteChunk(absl::string_view piece);      // "" is the end

 private:
  // As recv and send.
  int64_t ReadSome(char* data, size_t size);
  int64_t WriteSome(absl::string_view text);

  bool Send(absl::string_view text);
  // Reads until there are so many bytes.
  bool Fill(size_t size);

  const int fd_;
  ssl_st* tls_ = nullptr;
  std::string buffer_;  // read, and not yet used
  bool keeps_alive_ = true;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_HTTP_STREAM_H_
