#include "test/support/kubernetes_api/http_stream.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace prepull {
namespace {

constexpr char kHeadEnd[] = "\r\n\r\n";

std::string HeadOf(const HttpResponse& response, absl::string_view framing) {
  std::string head =
      absl::StrCat("HTTP/1.1 ", response.status, " Fake\r\n", framing);
  for (const HttpHeader& header : response.headers) {
    absl::StrAppend(&head, header.name, ": ", header.value, "\r\n");
  }
  return head + "\r\n";
}

}  // namespace

HttpStream::HttpStream(int fd, ssl_ctx_st* tls) : fd_(fd) {
  if (tls == nullptr) return;
  tls_ = SSL_new(tls);
  SSL_set_fd(tls_, fd);
  SSL_set_accept_state(tls_);
}

HttpStream::~HttpStream() { SSL_free(tls_); }

void HttpStream::End() {
  if (tls_ != nullptr) SSL_shutdown(tls_);
  shutdown(fd_, SHUT_WR);
}

int64_t HttpStream::ReadSome(char* data, size_t size) {
  return tls_ == nullptr ? recv(fd_, data, size, 0)
                         : SSL_read(tls_, data, static_cast<int>(size));
}

int64_t HttpStream::WriteSome(absl::string_view text) {
  return tls_ == nullptr
             ? send(fd_, text.data(), text.size(), MSG_NOSIGNAL)
             : SSL_write(tls_, text.data(), static_cast<int>(text.size()));
}

bool HttpStream::Fill(size_t size) {
  char piece[64 << 10];
  while (buffer_.size() < size) {
    const int64_t count = ReadSome(piece, sizeof(piece));
    if (count <= 0) return false;
    buffer_.append(piece, count);
  }
  return true;
}

std::optional<HttpRequest> HttpStream::Read() {
  size_t end = 0;
  while ((end = buffer_.find(kHeadEnd)) == std::string::npos) {
    if (!Fill(buffer_.size() + 1)) return std::nullopt;
  }
  const std::string head = buffer_.substr(0, end);
  buffer_.erase(0, end + sizeof(kHeadEnd) - 1);
  const std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string> words = absl::StrSplit(lines.front(), ' ');
  if (words.size() != 3) return std::nullopt;
  HttpRequest request = {.method = words[0], .url = "http://fake" + words[1]};
  size_t body = 0;
  keeps_alive_ = true;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    HttpHeader header = {
        .name = std::string(parts.first),
        .value = std::string(absl::StripAsciiWhitespace(parts.second))};
    if (absl::EqualsIgnoreCase(header.name, "Content-Length") &&
        !absl::SimpleAtoi(header.value, &body)) {
      return std::nullopt;
    }
    if (absl::EqualsIgnoreCase(header.name, "Connection")) {
      keeps_alive_ = !absl::EqualsIgnoreCase(header.value, "close");
    }
    request.headers.push_back(std::move(header));
  }
  if (!Fill(body)) return std::nullopt;
  request.body = buffer_.substr(0, body);
  buffer_.erase(0, body);
  return request;
}

bool HttpStream::Write(const HttpResponse& response) {
  return Send(HeadOf(response, absl::StrCat("Content-Length: ",
                                            response.body.size(), "\r\n")) +
              response.body);
}

bool HttpStream::WriteHead(const HttpResponse& response) {
  return Send(HeadOf(response, "Transfer-Encoding: chunked\r\n"));
}

bool HttpStream::WriteChunk(absl::string_view piece) {
  return Send(absl::StrCat(absl::Hex(piece.size()), "\r\n", piece, "\r\n"));
}

bool HttpStream::Send(absl::string_view text) {
  while (!text.empty()) {
    const int64_t count = WriteSome(text);
    if (count <= 0) return false;
    text.remove_prefix(count);
  }
  return true;
}

}  // namespace prepull
