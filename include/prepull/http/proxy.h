// Chooses the proxy for a URL from the environment's rules. Pure.
//
// The rules are those of Go, whose programs share the node: HTTP_PROXY is for
// http URLs and HTTPS_PROXY for https URLs, NO_PROXY has exceptions separated
// by commas, and loopback is always one. The connection to a proxy is plain
// ("http://"), as for nearly all.
// Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
#ifndef PREPULL_HTTP_PROXY_H_
#define PREPULL_HTTP_PROXY_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct HttpProxy {
  std::string host = "";  // a name, or an address without brackets
  uint16_t port = 0;
  std::string authority = "";      // both, as they may be shown
  std::string authorization = "";  // of Proxy-Authorization, or empty; a secret
};

class ProxyRules {
 public:
  // No proxy.
  ProxyRules() = default;

  // Parses the variables: a proxy is "[http://][user:password@]host[:port]" or
  // empty; an exception is "host", ".suffix", "*.suffix", an address or a
  // network, the first four with an optional port, or "*". Ignores invalid
  // exceptions. Errors: INVALID_ARGUMENT  names the variable, without its
  // value.
  static absl::StatusOr<ProxyRules> Parse(absl::string_view http_proxy,
                                          absl::string_view https_proxy,
                                          absl::string_view no_proxy);

  // Returns the proxy for `url`, or nothing for a direct connection.
  std::optional<HttpProxy> For(absl::string_view url) const;

 private:
  using Address = std::array<uint8_t, 16>;  // IPv4 as IPv6 maps it

  struct Exception {
    bool is_everything = false;
    std::optional<Address> address = std::nullopt;
    int prefix_bits = 128;       // of the address
    std::string suffix = "";     // ".example.com", if not an address
    bool is_itself_too = false;  // "example.com"
    std::string port = "";       // empty: any
  };

  static std::optional<Address> ParseAddress(absl::string_view text);
  static std::optional<Exception> ParseException(absl::string_view text);
  static bool Matches(const Exception& exception, absl::string_view host,
                      absl::string_view port);

  std::optional<HttpProxy> for_http_ = std::nullopt;
  std::optional<HttpProxy> for_https_ = std::nullopt;
  std::vector<Exception> exceptions_ = {};
};

}  // namespace prepull

#endif  // PREPULL_HTTP_PROXY_H_
