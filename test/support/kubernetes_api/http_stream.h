// One connection of the fake API server: reads requests, writes answers.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_HTTP_STREAM_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_HTTP_STREAM_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"

namespace prepull {

class HttpStream {
 public:
  // Does not close it.
  explicit HttpStream(int fd) : fd_(fd) {}

  // Returns the next request, with a URL of any origin; nothing at the end.
  std::optional<HttpRequest> Read();

  // Whether the client wants to ask more after the last request.
  bool keeps_alive() const { return keeps_alive_; }

  // Each returns whether the client has taken it.
  bool Write(const HttpResponse& response);
  bool WriteHead(const HttpResponse& response);  // of one in chunks
  bool WriteChunk(absl::string_view piece);      // "" is the end

 private:
  bool Send(absl::string_view text);
  // Reads until there are so many bytes.
  bool Fill(size_t size);

  const int fd_;
  std::string buffer_;  // read, and not yet used
  bool keeps_alive_ = true;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_HTTP_STREAM_H_
