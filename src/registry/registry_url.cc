#include "src/registry/registry_url.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace prepull {
namespace {

// 127.0.0.0/8, four decimal numbers.
bool IsLoopbackAddress(absl::string_view host) {
  const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  for (absl::string_view part : parts) {
    int number = 0;
    if (!absl::SimpleAtoi(part, &number) || number < 0 || number > 255) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<Origin> OriginOf(absl::string_view url) {
  Origin origin;
  if (absl::ConsumePrefix(&url, "https://")) {
    origin.scheme = "https";
  } else if (absl::ConsumePrefix(&url, "http://")) {
    origin.scheme = "http";
  } else {
    return absl::InvalidArgumentError("no http or https URL");
  }
  const absl::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (authority.empty() || absl::StrContains(authority, '@')) {
    return absl::InvalidArgumentError("a URL without a plain host");
  }
  origin.authority = absl::AsciiStrToLower(authority);
  return origin;
}

absl::StatusOr<std::string> ResolveLocation(const Origin& origin,
                                            absl::string_view location) {
  if (absl::StartsWith(location, "//")) {
    return absl::StrCat(origin.scheme, ":", location);
  }
  if (absl::StartsWith(location, "/")) {
    return absl::StrCat(origin.text(), location);
  }
  if (const auto target = OriginOf(location); !target.ok()) {
    return target.status();
  }
  return std::string(location);
}

bool IsLoopback(absl::string_view authority) {
  if (authority == "[::1]" || absl::StartsWith(authority, "[::1]:")) {
    return true;
  }
  const absl::string_view host = authority.substr(0, authority.rfind(':'));
  return host == "localhost" || IsLoopbackAddress(host);
}

std::string AuthorityOf(const std::string& registry) {
  return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

std::string PercentEncoded(absl::string_view text) {
  std::string encoded;
  for (const char byte : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(byte)) ||
        absl::StrContains("-._~", byte)) {
      encoded.push_back(byte);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X",
                            static_cast<unsigned char>(byte));
    }
  }
  return encoded;
}

}  // namespace prepull
