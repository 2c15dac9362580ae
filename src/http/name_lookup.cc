#include "src/http/name_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/mutex.h"

namespace prepull {

absl::StatusOr<std::vector<std::string>> SystemResolveHost(
    const std::string& host) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(
        error == EAI_SYSTEM ? ErrnoText(errno)
                            : absl::AsciiStrToLower(gai_strerror(error)));
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  std::vector<std::string> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text = {};
    if (getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(),
                    nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  return addresses;
}

struct Lookup::Shared {
  Mutex mutex;
  Done done ABSL_GUARDED_BY(mutex);  // null = abandoned
};

Lookup::Lookup(const ResolveHost& resolve_host, const std::string& host,
               Done done)
    : shared_(std::make_shared<Shared>()) {
  {
    MutexLock lock(shared_->mutex);
    shared_->done = std::move(done);
  }
  std::thread([resolve_host, host, shared = shared_] {
    absl::StatusOr<std::vector<std::string>> addresses = resolve_host(host);
    MutexLock lock(shared->mutex);
    if (shared->done) shared->done(std::move(addresses));
  }).detach();
}

Lookup::~Lookup() {
  MutexLock lock(shared_->mutex);
  shared_->done = nullptr;
}

}  // namespace prepull
