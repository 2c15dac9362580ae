#include "test/support/kubernetes_api/kubernetes_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <list>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "test/support/kubernetes_api/http_stream.h"

namespace prepull {
namespace {

bool IsWatch(const HttpRequest& request) {
  return request.method == "GET" &&
         (absl::StrContains(request.url, "watch=1") ||
          absl::StrContains(request.url, "watch=true"));
}

// A break is a reset, not an end in order.
void BreakConnection(int fd) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

}  // namespace

class KubernetesServer::Listener {
 public:
  Listener(FakeKubernetes& kubernetes, const Setup& setup)
      : kubernetes_(kubernetes),
        other_pages_(setup.other_pages),
        tls_(setup.certificate ? MakeServerContext(*setup.certificate)
                               : nullptr) {
    if (fd_ >= 0 && wake_ >= 0 && Bind(setup.port)) {
      thread_ = std::jthread([this] { Run(); });
    }
  }

  ~Listener() {
    is_over_ = true;
    Wake();
    if (thread_.joinable()) thread_.join();
    for (Client& client : clients_) {
      client.stop.request_stop();
      shutdown(client.fd, SHUT_RDWR);
    }
    while (!clients_.empty()) Close(clients_.begin());
    close(wake_);
    close(fd_);
    SSL_CTX_free(tls_);
  }

  uint16_t port() const { return port_; }

 private:
  struct Client {
    int fd = -1;
    std::stop_source stop = {};
    std::atomic<bool> is_over = false;
    std::thread thread = {};
  };

  bool Bind(uint16_t port) {
    const int yes = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* bound = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    if (bind(fd_, bound, size) != 0 || listen(fd_, 512) != 0 ||
        getsockname(fd_, bound, &size) != 0) {
      return false;
    }
    port_ = ntohs(address.sin_port);
    return true;
  }

  void Wake() const {
    const uint64_t one = 1;
    (void)!write(wake_, &one, sizeof(one));
  }

  // Accepts, and hears who has gone: a watch of theirs would go on unheard.
  void Run() {
    // OpenSSL writes to who has gone; the other threads inherit this.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!is_over_) {
      std::vector<pollfd> polled = {{fd_, POLLIN, 0}, {wake_, POLLIN, 0}};
      std::vector<Client*> clients;
      for (auto client = clients_.begin(); client != clients_.end();) {
        const auto next = std::next(client);
        if (client->is_over) {
          Close(client);
        } else if (!client->stop.stop_requested()) {
          polled.push_back({client->fd, POLLRDHUP, 0});
          clients.push_back(&*client);
        }
        client = next;
      }
      if (poll(polled.data(), polled.size(), -1) < 0) continue;
      uint64_t count = 0;
      if (polled[1].revents != 0) (void)!read(wake_, &count, sizeof(count));
      for (size_t i = 0; i < clients.size(); ++i) {
        if (polled[i + 2].revents != 0) clients[i]->stop.request_stop();
      }
      if (polled[0].revents != 0) Accept();
    }
  }

  void Accept() {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    Client& client = clients_.emplace_back();
    client.fd = fd;
    client.thread = std::thread([this, &client] {
      HttpStream stream(client.fd, tls_);
      // The socket stays open until the listener's thread has joined this one.
      if (Serve(client, stream)) {
        stream.End();
      } else {
        BreakConnection(client.fd);
      }
      client.is_over = true;
      Wake();
    });
  }

  void Close(std::list<Client>::iterator client) {
    client->thread.join();
    close(client->fd);
    clients_.erase(client);
  }

  // Returns false where the connection is to break.
  bool Serve(const Client& client, HttpStream& stream) {
    while (std::optional<HttpRequest> request = stream.Read()) {
      if (!Answer(client, stream, *std::move(request))) return false;
      if (!stream.keeps_alive()) break;
    }
    return true;
  }

  bool Answer(const Client& client, HttpStream& stream, HttpRequest request) {
    if (other_pages_) {
      const std::optional<HttpResponse> page = other_pages_(request);
      if (page) return stream.Write(*page);
    }
    bool is_streaming = false;
    const auto begin = [&stream, &is_streaming] {
      is_streaming = true;
      stream.WriteHead(
          {.status = 200, .headers = {{"Content-Type", "application/json"}}});
    };
    if (IsWatch(request)) {
      request.limits.idle = absl::InfiniteDuration();
      request.sink = [&stream](const HttpResponse&, absl::string_view piece) {
        return stream.WriteChunk(piece) ? absl::OkStatus()
                                        : absl::UnavailableError("gone");
      };
    }
    request.limits.body_bytes = INT64_MAX;
    const absl::StatusOr<HttpResponse> response =
        kubernetes_.Send(request, client.stop.get_token(), begin);
    if (!response.ok()) return false;
    return is_streaming ? stream.WriteChunk("") : stream.Write(*response);
  }

  FakeKubernetes& kubernetes_;
  const std::function<std::optional<HttpResponse>(const HttpRequest&)>
      other_pages_;
  SSL_CTX* const tls_;
  const int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  uint16_t port_ = 0;
  std::atomic<bool> is_over_ = false;
  std::list<Client> clients_;  // of the thread
  std::jthread thread_;
};

KubernetesServer::KubernetesServer(FakeKubernetes& kubernetes,
                                   const Setup& setup)
    : listener_(std::make_unique<Listener>(kubernetes, setup)) {}

KubernetesServer::~KubernetesServer() = default;

uint16_t KubernetesServer::port() const { return listener_->port(); }

}  // namespace prepull
