#include "prepull/http/url.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

namespace urls = boost::urls;

absl::Status Invalid(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("invalid URL", why));
}

// What resolvers and certificates know. RFC 3986 allows other names, with "%",
// which are not in use.
bool IsHostName(absl::string_view name) {
  return !name.empty() && name.size() <= 253 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(c) || absl::StrContains("-_.", c);
         });
}

absl::StatusOr<std::string> HostOf(const urls::url_view& parts) {
  const std::string host = std::string(parts.encoded_host());
  if (parts.host_type() == urls::host_type::ipv6) {
    return host.substr(1, host.size() - 2);
  }
  if (IsHostName(host)) return host;
  return Invalid(": missing or invalid host");
}

absl::StatusOr<uint16_t> PortOf(const urls::url_view& parts,
                                uint16_t default_port) {
  if (!parts.has_port() || parts.port().empty()) return default_port;
  // Boost's own number wraps round at 65536.
  const std::string digits(parts.port());
  uint32_t port = 0;
  if (!absl::SimpleAtoi(digits, &port) || port == 0 || port > 65535) {
    return Invalid(": invalid port");
  }
  return static_cast<uint16_t>(port);
}

absl::StatusOr<std::string> TargetOf(const urls::url_view& parts) {
  std::string target = std::string(parts.encoded_target());
  if (absl::StartsWith(target, "/")) return target;
  // Boost 1.81 takes "host:word" for an empty port and a path.
  if (!target.empty() && target[0] != '?') return Invalid("");
  return absl::StrCat("/", target);
}

urls::string_view ToBoost(absl::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  const auto parsed = urls::parse_uri(ToBoost(text));
  if (parsed.has_error()) return Invalid("");
  const urls::url_view& parts = parsed.value();
  Url url;
  url.is_secure = parts.scheme_id() == urls::scheme::https;
  if (!url.is_secure && parts.scheme_id() != urls::scheme::http) {
    return Invalid(": expected http or https");
  }
  if (parts.has_userinfo()) return Invalid(": user info is not allowed");
  const uint16_t default_port = url.is_secure ? 443 : 80;
  ASSIGN_OR_RETURN(url.host, HostOf(parts));
  ASSIGN_OR_RETURN(url.port, PortOf(parts, default_port));
  ASSIGN_OR_RETURN(url.target, TargetOf(parts));
  url.authority = std::string(parts.encoded_host());
  if (url.port != default_port) absl::StrAppend(&url.authority, ":", url.port);
  url.origin = {.scheme = url.is_secure ? "https" : "http",
                .authority = absl::AsciiStrToLower(
                    std::string(parts.encoded_host_and_port()))};
  return url;
}

absl::StatusOr<std::string> ResolveUrl(absl::string_view url,
                                       absl::string_view location) {
  if (location.empty()) return Invalid(": empty");
  const auto reference = urls::parse_uri_reference(ToBoost(location));
  if (reference.has_error()) return Invalid("");
  std::string resolved(location);
  // An absolute one stays as it is written: its signature may depend on it.
  if (!reference->has_scheme()) {
    const auto base = urls::parse_uri(ToBoost(url));
    if (base.has_error()) return Invalid("");
    urls::url target(*base);
    if (target.resolve(*reference).has_error()) return Invalid("");
    target.remove_fragment();
    resolved = std::string(target.buffer());
  }
  RETURN_IF_ERROR(ParseUrl(resolved).status());
  return resolved;
}

std::string PercentEncoded(absl::string_view text) {
  return urls::encode(ToBoost(text), urls::unreserved_chars);
}

absl::StatusOr<std::string> PercentDecoded(absl::string_view text) {
  const auto escaped = urls::make_pct_string_view(ToBoost(text));
  if (!escaped) return Invalid(": invalid percent-encoding");
  return escaped->decode();
}

bool IsLoopback(absl::string_view host) {
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  const std::string text(host);
  std::array<uint8_t, 16> address = {};
  if (inet_pton(AF_INET, text.c_str(), address.data()) == 1) {
    return address[0] == 127;
  }
  if (inet_pton(AF_INET6, text.c_str(), address.data()) != 1) return false;
  // IPv4 as IPv6 maps it counts, too.
  constexpr std::array<uint8_t, 13> kMappedLoopback = {
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
  return std::equal(address.begin(), address.end(),
                    std::begin(in6addr_loopback.s6_addr)) ||
         std::equal(kMappedLoopback.begin(), kMappedLoopback.end(),
                    address.begin());
}

}  // namespace prepull
