#include "src/http/url.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url_view.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

namespace urls = boost::urls;

absl::Status Wrong(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the URL ", why));
}

// What resolvers and certificates know; other names, as RFC 3986 allows them
// with "%", nobody has.
bool IsHostName(absl::string_view name) {
  return !name.empty() && name.size() <= 253 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(c) || absl::StrContains("-_.", c);
         });
}

}  // namespace

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  const auto parsed =
      urls::parse_uri(urls::string_view(text.data(), text.size()));
  if (parsed.has_error()) return Wrong("is malformed");
  const urls::url_view& parts = parsed.value();
  Url url;
  url.is_secure = parts.scheme_id() == urls::scheme::https;
  if (!url.is_secure && parts.scheme_id() != urls::scheme::http) {
    return Wrong("is neither http nor https");
  }
  if (parts.has_userinfo()) return Wrong("has a user in it");

  const std::string host = std::string(parts.encoded_host());
  if (parts.host_type() == urls::host_type::ipv6) {
    url.host = host.substr(1, host.size() - 2);
  } else if (IsHostName(host)) {
    url.host = host;
  } else {
    return Wrong("has no host that can be looked up");
  }

  url.port = url.is_secure ? 443 : 80;
  if (parts.has_port() && !parts.port().empty()) {
    // Boost's own number wraps round at 65536.
    const std::string digits(parts.port());
    uint32_t port = 0;
    if (!absl::SimpleAtoi(digits, &port) || port == 0 || port > 65535) {
      return Wrong("has a port that is none");
    }
    url.port = static_cast<uint16_t>(port);
  }
  url.authority = host;
  if (url.port != (url.is_secure ? 443 : 80)) {
    absl::StrAppend(&url.authority, ":", url.port);
  }

  const std::string target = std::string(parts.encoded_target());
  const bool has_path = absl::StartsWith(target, "/");
  // Boost 1.81 takes "host:word" for an empty port and a path.
  if (!has_path && !target.empty() && target[0] != '?') {
    return Wrong("is malformed");
  }
  url.target = has_path ? target : absl::StrCat("/", target);
  return url;
}

absl::StatusOr<std::string> PercentDecoded(absl::string_view text) {
  const auto escaped =
      urls::make_pct_string_view(urls::string_view(text.data(), text.size()));
  if (!escaped) return Wrong("is malformed");
  return escaped->decode();
}

}  // namespace prepull
