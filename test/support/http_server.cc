#include "test/support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <csignal>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace prepull {
namespace {

constexpr auto kGenerous = std::chrono::seconds(30);

// A connection with or without TLS, which blocks.
class Connection {
 public:
  Connection(int fd, SSL_CTX* context) : fd_(fd) {
    if (context == nullptr) return;
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, fd);
  }
  ~Connection() {
    SSL_free(tls_);
    close(fd_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool Accept() { return tls_ == nullptr || SSL_accept(tls_) == 1; }

  // 0 at the end.
  size_t Read(char* data, size_t size) {
    const auto count = tls_ == nullptr
                           ? recv(fd_, data, size, 0)
                           : SSL_read(tls_, data, static_cast<int>(size));
    return count > 0 ? count : 0;
  }

  bool Write(absl::string_view text) {
    while (!text.empty()) {
      const auto count =
          tls_ == nullptr
              ? send(fd_, text.data(), text.size(), MSG_NOSIGNAL)
              : SSL_write(tls_, text.data(), static_cast<int>(text.size()));
      if (count <= 0) return false;
      text.remove_prefix(count);
    }
    return true;
  }

  void SayFarewell() {
    if (tls_ != nullptr) SSL_shutdown(tls_);
    // What is not read would make the kernel reset the connection.
    shutdown(fd_, SHUT_WR);
    char rest[4096];
    while (recv(fd_, rest, sizeof(rest), 0) > 0) {
    }
  }

  // Ends what blocks, from another thread.
  void Shut() const { shutdown(fd_, SHUT_RDWR); }

 private:
  int fd_;
  SSL* tls_ = nullptr;
};

// How long the body is that belongs to `head`.
size_t LengthOfBody(absl::string_view head) {
  size_t length = 0;
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    if (absl::ConsumePrefix(&line, "Content-Length: ")) {
      const bool is_number = absl::SimpleAtoi(line, &length);
      assert(is_number);
      (void)is_number;
    }
  }
  return length;
}

// The next request; "" if there is none.
std::string ReadRequest(Connection& connection) {
  std::string text;
  char piece[4096];
  while (true) {
    const size_t head = text.find("\r\n\r\n");
    if (head != std::string::npos &&
        text.size() >= head + 4 + LengthOfBody(text.substr(0, head))) {
      return text;
    }
    const size_t count = connection.Read(piece, sizeof(piece));
    if (count == 0) return "";
    text.append(piece, count);
  }
}

}  // namespace

HttpReply Answer(absl::string_view status, absl::string_view body,
                 absl::string_view headers) {
  return {.bytes =
              absl::StrCat("HTTP/1.1 ", status, "\r\n", headers,
                           "Content-Length: ", body.size(), "\r\n\r\n", body)};
}

class HttpServer::Server {
 public:
  Server(const std::optional<Certificate>& certificate,
         const std::string& address, const std::string& client_authority)
      : context_(certificate ? MakeServerContext(*certificate, client_authority)
                             : nullptr),
        fd_(Listen(address)),
        acceptor_([this] { AcceptAll(); }) {}

  ~Server() {
    stop_.request_stop();
    shutdown(fd_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const Connection* each : open_) each->Shut();
    }
    threads_.clear();
    close(fd_);
    SSL_CTX_free(context_);
  }

  uint16_t port() const { return port_; }

  void Script(std::vector<HttpReply> replies) {
    const std::lock_guard lock(mutex_);
    replies_ = {replies.begin(), replies.end()};
  }

  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  bool WaitUntil(int connections, size_t requests) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kGenerous, [&] {
      return connections_ >= connections && requests_.size() >= requests;
    });
  }

 private:
  int Listen(const std::string& address) {
    sockaddr_in6 v6 = {};
    sockaddr_in v4 = {};
    const bool is_v6 = inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1;
    inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
    v6.sin6_family = AF_INET6;
    v4.sin_family = AF_INET;
    auto* bound = is_v6 ? reinterpret_cast<sockaddr*>(&v6)
                        : reinterpret_cast<sockaddr*>(&v4);
    socklen_t size = is_v6 ? sizeof(v6) : sizeof(v4);
    const int fd = socket(bound->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool listens = bind(fd, bound, size) == 0 && listen(fd, 16) == 0 &&
                         getsockname(fd, bound, &size) == 0;
    assert(listens);
    (void)listens;
    port_ = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    return fd;
  }

  void AcceptAll() {
    // OpenSSL writes to who has gone; the other threads inherit this.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!stop_.stop_requested()) {
      const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const HttpReply reply = NextReply();
      threads_.emplace_back([this, fd, reply] { Serve(fd, reply); });
    }
  }

  HttpReply NextReply() {
    const std::lock_guard lock(mutex_);
    ++connections_;
    changed_.notify_all();
    HttpReply reply = replies_.front();
    if (replies_.size() > 1) replies_.pop_front();
    return reply;
  }

  void Serve(int fd, const HttpReply& reply) {
    Connection connection(fd, context_);
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(&connection);
    }
    Play(connection, reply);
    const std::lock_guard lock(mutex_);
    open_.remove(&connection);
  }

  void Play(Connection& connection, const HttpReply& reply) {
    if (reply.is_deaf) {
      Say(connection, reply);
      return Hang();
    }
    if (!connection.Accept() || !Hear(connection)) return;
    const bool again = reply.then == HttpReply::Then::kRepeat;
    do {
      if (!Say(connection, reply)) return;
    } while (again && !stop_.stop_requested());
    if (!reply.second_bytes.empty() && Hear(connection)) {
      connection.Write(reply.second_bytes);
    }
    if (reply.then == HttpReply::Then::kHang) Hang();
    if (reply.then == HttpReply::Then::kClose) connection.SayFarewell();
  }

  bool Hear(Connection& connection) {
    const std::string request = ReadRequest(connection);
    if (request.empty()) return false;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    changed_.notify_all();
    return true;
  }

  bool Say(Connection& connection, const HttpReply& reply) {
    if (reply.drip == absl::ZeroDuration()) {
      return connection.Write(reply.bytes);
    }
    for (const char& each : reply.bytes) {
      if (!connection.Write({&each, 1}) || Pause(reply.drip)) return false;
    }
    return true;
  }

  // Whether the server ended meanwhile.
  bool Pause(absl::Duration d) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop_.get_token(), absl::ToChronoNanoseconds(d),
                      [] { return false; });
    return stop_.stop_requested();
  }

  void Hang() {
    while (!Pause(absl::Hours(1))) {
    }
  }

  SSL_CTX* const context_;
  uint16_t port_ = 0;
  const int fd_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable_any stopped_;
  std::list<HttpReply> replies_ = {Answer("200 OK")};
  std::vector<std::string> requests_;
  int connections_ = 0;
  std::list<Connection*> open_;
  std::list<std::jthread> threads_;
  std::thread acceptor_;
};

HttpServer::HttpServer(std::optional<Certificate> certificate,
                       const std::string& address,
                       const std::string& client_authority)
    : server_(
          std::make_unique<Server>(certificate, address, client_authority)) {}

HttpServer::~HttpServer() = default;

uint16_t HttpServer::port() const { return server_->port(); }

void HttpServer::Script(std::vector<HttpReply> replies) {
  server_->Script(std::move(replies));
}

std::vector<std::string> HttpServer::requests() const {
  return server_->requests();
}

bool HttpServer::WaitUntilConnected(int connections) {
  return server_->WaitUntil(connections, 0);
}

bool HttpServer::WaitUntilAsked(int requests) {
  return server_->WaitUntil(0, requests);
}

}  // namespace prepull
