// Any text is a kubeconfig with a server and a user, or an error that can be
// shown.
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"
#include "prepull/kube/kubeconfig.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void Try(const std::string& text) {
  const absl::StatusOr<Kubeconfig> config = ParseKubeconfig(text, "/d/config");
  if (!config.ok()) {
    const std::string message(config.status().message());
    Require(absl::StartsWith(message, "/d/config:"), "the file is named");
    Require(Printable(message, 1 << 20) == message, "the message can be shown");
    return;
  }
  const ApiServer& server = config->server;
  Require(absl::StartsWithIgnoreCase(server.url, "https://"),
          "nothing is asked without TLS");
  Require(server.token.is_set() || server.certificate.is_set(),
          "somebody asks");
  Require(server.certificate.is_set() == server.key.is_set(),
          "a certificate has its key");
  for (const KubeText* each :
       {&server.ca, &server.token, &server.certificate, &server.key}) {
    Require(!each->is_set() || absl::StartsWith(each->place, "/"),
            "every path is absolute");
    Require(Printable(each->place, 1 << 20) == each->place,
            "a place can be shown");
  }
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
