#include "prepull/http/proxy.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/url.h"

namespace prepull {
namespace {

absl::StatusOr<HttpProxy> ParseProxy(absl::string_view text) {
  if (!absl::StrContains(text, "://")) {
    // As "proxy:3128".
  } else if (!absl::ConsumePrefix(&text, "http://")) {
    return absl::InvalidArgumentError(
        "unsupported proxy scheme: expected http");
  }
  HttpProxy proxy;
  text = text.substr(0, text.find_first_of("/?#"));
  if (const size_t at = text.rfind('@'); at != absl::string_view::npos) {
    ASSIGN_OR_RETURN(std::string user, PercentDecoded(text.substr(0, at)));
    if (!absl::StrContains(user, ':')) user.push_back(':');
    proxy.authorization = absl::StrCat("Basic ", absl::Base64Escape(user));
    text.remove_prefix(at + 1);
  }
  ASSIGN_OR_RETURN(const Url url, ParseUrl(absl::StrCat("http://", text)));
  proxy.host = url.host;
  proxy.port = url.port;
  proxy.authority = url.authority;
  return proxy;
}

absl::StatusOr<std::optional<HttpProxy>> ParseVariable(
    absl::string_view name, absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  if (value.empty()) return std::nullopt;
  absl::StatusOr<HttpProxy> proxy = ParseProxy(value);
  RETURN_IF_ERROR(Annotate(proxy.status(), name));
  return *std::move(proxy);
}

// IPv4 as IPv6 maps it.
constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                             0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<ProxyRules::Address> ProxyRules::ParseAddress(
    absl::string_view text) {
  const std::string name(text);
  Address address = {};
  if (inet_pton(AF_INET6, name.c_str(), address.data()) == 1) return address;
  std::copy(kMapped.begin(), kMapped.end(), address.begin());
  if (inet_pton(AF_INET, name.c_str(), &address[kMapped.size()]) != 1) {
    return std::nullopt;
  }
  return address;
}

std::optional<ProxyRules::Exception> ProxyRules::ParseException(
    absl::string_view text) {
  if (text == "*") return Exception{.is_everything = true};
  const std::pair<absl::string_view, absl::string_view> network =
      absl::StrSplit(text, absl::MaxSplits('/', 1));
  if (network.first.size() < text.size()) {
    Exception exception = {.address = ParseAddress(network.first)};
    const int max_bits = absl::StrContains(network.first, ':') ? 128 : 32;
    if (!exception.address.has_value() ||
        !absl::SimpleAtoi(network.second, &exception.prefix_bits) ||
        exception.prefix_bits < 0 || exception.prefix_bits > max_bits) {
      return std::nullopt;
    }
    exception.prefix_bits += 128 - max_bits;
    return exception;
  }
  auto [host, port] = SplitHostPort(text);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  const absl::string_view suffix = absl::StripPrefix(host, "*");
  if (suffix.empty()) return std::nullopt;
  const bool is_itself_too = suffix.front() != '.';
  return Exception{.address = ParseAddress(host),
                   .suffix = absl::StrCat(is_itself_too ? "." : "", suffix),
                   .is_itself_too = is_itself_too,
                   .port = std::string(port)};
}

absl::StatusOr<ProxyRules> ProxyRules::Parse(absl::string_view http_proxy,
                                             absl::string_view https_proxy,
                                             absl::string_view no_proxy) {
  ProxyRules rules;
  ASSIGN_OR_RETURN(rules.for_http_, ParseVariable("HTTP_PROXY", http_proxy));
  ASSIGN_OR_RETURN(rules.for_https_, ParseVariable("HTTPS_PROXY", https_proxy));
  for (absl::string_view text : absl::StrSplit(no_proxy, ',')) {
    auto exception =
        ParseException(absl::AsciiStrToLower(absl::StripAsciiWhitespace(text)));
    if (exception.has_value()) rules.exceptions_.push_back(*exception);
  }
  return rules;
}

bool ProxyRules::Matches(const Exception& exception, absl::string_view host,
                         absl::string_view port) {
  if (exception.is_everything) return true;
  if (!exception.port.empty() && exception.port != port) return false;
  if (!exception.address.has_value()) {
    return absl::EndsWith(host, exception.suffix) ||
           (exception.is_itself_too &&
            host == absl::string_view(exception.suffix).substr(1));
  }
  const std::optional<Address> address = ParseAddress(host);
  if (!address.has_value()) return false;
  for (int bit = 0; bit < exception.prefix_bits; ++bit) {
    const int differing = (*address)[bit / 8] ^ (*exception.address)[bit / 8];
    if ((differing & (0x80 >> bit % 8)) != 0) return false;
  }
  return true;
}

std::optional<HttpProxy> ProxyRules::For(absl::string_view text) const {
  const absl::StatusOr<Url> url = ParseUrl(text);
  if (!url.ok()) return std::nullopt;
  const std::string host = absl::AsciiStrToLower(url->host);
  const std::string port = absl::StrCat(url->port);
  if (IsLoopback(host)) return std::nullopt;
  const bool is_excepted = std::any_of(
      exceptions_.begin(), exceptions_.end(),
      [&](const Exception& each) { return Matches(each, host, port); });
  if (is_excepted) return std::nullopt;
  return url->is_secure ? for_https_ : for_http_;
}

}  // namespace prepull
