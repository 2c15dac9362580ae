// A program that serves a unix socket and fetches over TCP, as a runtime does,
// when it is told to. Its name is that of the copy that a test starts.
//
// It says "ready" first. Commands come one a line on standard input, and are
// answered by one line:
//   serve PATH BACKLOG         listens there, and takes no connections: "ok"
//   listen PROTOCOL            takes TCP connections in: its port, and "taken"
//                              for each of them
//   fetch HOST PORT BYTES PROTOCOL
//                              asks for a file and reads so much of the answer:
//                              "ok", and "end" when the answer has ended. The
//                              descriptor stays until the next fetch
//   start PROGRAM HOST PORT BYTES
//                              a child process that fetches: what fetch says
//   stop                       ends that child: "ok"
//   forward                    connects inside another network: "ok" or "no"
//   open COUNT                 opens so many files: "ok"
//   leave                      goes on in a child process, and ends: "ok"
// PROTOCOL is 6 for TCP, 262 for that of several paths; "no" without it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

namespace {

void Say(const std::string& text) {
  const std::string line = text + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) _exit(1);
}

struct Endpoint {
  sockaddr_storage address = {};
  socklen_t size = 0;
};

Endpoint EndpointOf(const std::string& host, int port) {
  Endpoint end;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&end.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&end.address);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    end.size = sizeof(*v4);
  } else {
    inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    end.size = sizeof(*v6);
  }
  return end;
}

sockaddr* AddressOf(Endpoint& end) {
  return reinterpret_cast<sockaddr*>(&end.address);
}

class Program {
 public:
  void Obey(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "serve") Serve(words);
    if (command == "listen") Listen(words);
    if (command == "fetch") Fetch(words);
    if (command == "start") Start(words);
    if (command == "stop") Stop();
    if (command == "forward") Forward();
    if (command == "open") Open(words);
    if (command == "leave") Leave();
  }

  // Until standard input ends, or for ever where it is not heard.
  void Run(bool hears) {
    while (true) {
      std::vector<pollfd> watched = {{hears ? STDIN_FILENO : -1, POLLIN, 0}};
      for (const int fd : listening_) watched.push_back({fd, POLLIN, 0});
      for (const int fd : open_) watched.push_back({fd, POLLIN, 0});
      if (poll(watched.data(), watched.size(), -1) < 0) continue;
      for (const pollfd& each : watched) {
        if (each.revents == 0) continue;
        if (each.fd == STDIN_FILENO && !Hear()) return;
        if (Contains(listening_, each.fd)) Take(each.fd);
        if (Contains(open_, each.fd)) ReadMore(each.fd);
      }
    }
  }

 private:
  static bool Contains(const std::vector<int>& all, int fd) {
    return std::find(all.begin(), all.end(), fd) != all.end();
  }

  bool Hear() {
    char block[1024];
    const ssize_t count = read(STDIN_FILENO, block, sizeof(block));
    if (count <= 0) return false;
    heard_.append(block, count);
    size_t end = 0;
    while ((end = heard_.find('\n')) != std::string::npos) {
      const std::string line = heard_.substr(0, end);
      heard_.erase(0, end + 1);
      Obey(line);
    }
    return true;
  }

  static void Take(int fd) {
    accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
    Say("taken");
  }

  void ReadMore(int fd) {
    char block[65536];
    if (read(fd, block, sizeof(block)) > 0) return;
    open_.erase(std::find(open_.begin(), open_.end(), fd));
    ended_.push_back(fd);
    Say("end");
  }

  static void Serve(std::istringstream& words) {
    std::string path;
    int backlog = 0;
    words >> path >> backlog;
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    unlink(path.c_str());
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool serves =
        bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
        listen(fd, backlog) == 0;
    Say(serves ? "ok" : "no");
  }

  void Listen(std::istringstream& words) {
    int protocol = 0;
    words >> protocol;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);
    Endpoint end = EndpointOf("127.0.0.1", 0);
    if (fd < 0 || bind(fd, AddressOf(end), end.size) != 0 ||
        listen(fd, 16) != 0) {
      return Say("no");
    }
    getsockname(fd, AddressOf(end), &end.size);
    listening_.push_back(fd);
    Say(std::to_string(
        ntohs(reinterpret_cast<sockaddr_in*>(&end.address)->sin_port)));
  }

  void Fetch(std::istringstream& words) {
    for (const int fd : ended_) close(fd);
    ended_.clear();
    std::string host;
    int port = 0;
    int64_t bytes = 0;
    int protocol = 0;
    words >> host >> port >> bytes >> protocol;
    Endpoint end = EndpointOf(host, port);
    const int fd =
        socket(end.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
    const std::string request = "GET /blob HTTP/1.1\r\nHost: a\r\n\r\n";
    if (fd < 0 || connect(fd, AddressOf(end), end.size) != 0 ||
        send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
      return Say("no");
    }
    std::vector<char> body(65536);
    while (bytes > 0) {
      const ssize_t count =
          read(fd, body.data(), std::min<int64_t>(bytes, body.size()));
      if (count <= 0) return Say("no");
      bytes -= count;
    }
    open_.push_back(fd);
    Say("ok");
  }

  void Start(std::istringstream& words) {
    std::string program;
    std::string rest;
    words >> program;
    std::getline(words, rest);
    const std::string command = "fetch" + rest + " 6";
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execl(program.c_str(), "pulls-for-it", command.c_str(), nullptr);
      _exit(1);
    }
  }

  void Stop() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    Say("ok");
  }

  // A socket that connects to itself needs nobody who listens.
  static void Forward() {
    const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (unshare(CLONE_NEWNET) != 0) return Say("no");
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ifreq loopback = {};
    std::strncpy(loopback.ifr_name, "lo", sizeof(loopback.ifr_name) - 1);
    loopback.ifr_flags = IFF_UP;
    Endpoint end = EndpointOf("127.0.0.1", 4000);
    const bool connects = ioctl(fd, SIOCSIFFLAGS, &loopback) == 0 &&
                          bind(fd, AddressOf(end), end.size) == 0 &&
                          connect(fd, AddressOf(end), end.size) == 0;
    const bool is_back = setns(home, CLONE_NEWNET) == 0;
    close(home);
    Say(connects && is_back ? "ok" : "no");
  }

  static void Open(std::istringstream& words) {
    int count = 0;
    words >> count;
    for (; count > 0; --count) open("/dev/null", O_RDONLY | O_CLOEXEC);
    Say("ok");
  }

  static void Leave() {
    if (fork() != 0) _exit(0);
    Say("ok");
  }

  std::vector<int> listening_;
  std::vector<int> open_;
  std::vector<int> ended_;
  std::string heard_;
  pid_t child_ = -1;
};

}  // namespace

int main(int argc, char** argv) {
  Program program;
  if (argc > 1) {
    program.Obey(argv[1]);
  } else {
    Say("ready");
  }
  program.Run(/*hears=*/argc == 1);
}
