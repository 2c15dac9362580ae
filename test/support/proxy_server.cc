#include "test/support/proxy_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace prepull {
namespace {

bool Send(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// Up to the end of the head; "" if there is none.
std::string ReadHead(int fd) {
  std::string head;
  char byte = 0;
  while (!absl::EndsWith(head, "\r\n\r\n")) {
    if (recv(fd, &byte, 1, 0) != 1) return "";
    head.push_back(byte);
  }
  return head;
}

// Until one of them ends.
void Relay(int a, int b) {
  std::array<pollfd, 2> ends = {pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
  std::array<char, 65536> piece;
  while (poll(ends.data(), ends.size(), -1) > 0) {
    for (size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].revents == 0) continue;
      const ssize_t count = recv(ends[i].fd, piece.data(), piece.size(), 0);
      if (count <= 0) return;
      Send(ends[1 - i].fd, {piece.data(), static_cast<size_t>(count)});
    }
  }
}

}  // namespace

ProxyServer::ProxyServer(std::string refusal) : refusal_(std::move(refusal)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* bound = reinterpret_cast<sockaddr*>(&address);
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool listens = bind(fd_, bound, size) == 0 && listen(fd_, 16) == 0 &&
                       getsockname(fd_, bound, &size) == 0;
  assert(listens);
  (void)listens;
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { AcceptAll(); });
}

ProxyServer::~ProxyServer() {
  shutdown(fd_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  threads_.clear();
  for (const int fd : open_) close(fd);
  close(fd_);
}

std::vector<std::string> ProxyServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ProxyServer::AcceptAll() {
  while (true) {
    const int client = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(client);
    }
    threads_.emplace_back([this, client] { Serve(client); });
  }
}

void ProxyServer::Serve(int client) {
  const std::string request = ReadHead(client);
  if (request.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  const int server = refusal_.empty() ? Connect(request) : -1;
  if (server < 0) {
    Send(client, absl::StrCat("HTTP/1.1 ",
                              refusal_.empty() ? "502 No Server" : refusal_,
                              "\r\nContent-Length: 0\r\n\r\n"));
  } else if (absl::StartsWith(request, "CONNECT ")) {
    Send(client, "HTTP/1.1 200 Connected\r\n\r\n");
    Relay(client, server);
  } else {
    Send(server, request);
    Relay(client, server);
  }
  if (server >= 0) shutdown(server, SHUT_RDWR);
  shutdown(client, SHUT_RDWR);
}

// To the port in "METHOD [http://]host:port[/…] …", or -1.
int ProxyServer::Connect(absl::string_view request) {
  const std::vector<absl::string_view> words = absl::StrSplit(request, ' ');
  absl::string_view target = words[1];
  absl::ConsumePrefix(&target, "http://");
  target = target.substr(0, target.find('/'));
  int port = 0;
  if (!absl::SimpleAtoi(target.substr(target.rfind(':') + 1), &port)) return -1;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  {
    const std::lock_guard lock(mutex_);
    open_.push_back(server);
  }
  return connect(server, reinterpret_cast<sockaddr*>(&address),
                 sizeof(address)) == 0
             ? server
             : -1;
}

}  // namespace prepull
