#include "src/registry/registry_url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"

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

// "name:" before anything that only stands behind it.
bool HasScheme(absl::string_view reference) {
  const size_t colon = reference.find(':');
  return colon != absl::string_view::npos &&
         colon < reference.find_first_of("/?#");
}

// `path`, absolute, without its segments "." and "..".
std::string WithoutDots(absl::string_view path) {
  std::vector<absl::string_view> kept;
  const std::vector<absl::string_view> segments =
      absl::StrSplit(path.substr(1), '/');
  for (size_t at = 0; at < segments.size(); ++at) {
    const bool is_up = segments[at] == "..";
    if (is_up && !kept.empty()) kept.pop_back();
    if (!is_up && segments[at] != ".") {
      kept.push_back(segments[at]);
    } else if (at + 1 == segments.size()) {
      kept.push_back("");
    }
  }
  return absl::StrCat("/", absl::StrJoin(kept, "/"));
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

absl::StatusOr<std::string> ResolveLocation(absl::string_view url,
                                            absl::string_view location) {
  if (HasScheme(location)) {
    RETURN_IF_ERROR(OriginOf(location).status());
    return std::string(location);
  }
  if (location.empty()) return absl::InvalidArgumentError("no URL");
  ASSIGN_OR_RETURN(const Origin origin, OriginOf(url));
  if (absl::StartsWith(location, "//")) {
    return ResolveLocation(url, absl::StrCat(origin.scheme, ":", location));
  }
  const absl::string_view base = url.substr(0, url.find('#'));
  const size_t path_at =
      std::min(base.find_first_of("/?", base.find("//") + 2), base.size());
  absl::string_view path = base.substr(path_at);
  path = path.substr(0, path.find('?'));
  const absl::string_view place = location.substr(0, location.find('#'));
  if (place.empty()) return std::string(base);
  const size_t query_at = std::min(place.find('?'), place.size());
  const absl::string_view query = place.substr(query_at);
  if (query_at == 0) return absl::StrCat(origin.text(), path, query);
  const absl::string_view target = place.substr(0, query_at);
  const absl::string_view folder =
      target[0] == '/' ? "" : path.substr(0, path.rfind('/'));
  return absl::StrCat(
      origin.text(),
      WithoutDots(absl::StrCat(folder, target[0] == '/' ? "" : "/", target)),
      query);
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

bool IsAuthority(absl::string_view text) {
  // With a port, so that the grammar takes it for no path.
  const bool has_port = absl::StrContains(text, ':');
  const auto parsed =
      Reference::Parse(absl::StrCat(text, has_port ? "" : ":1", "/x"));
  return parsed.ok() && absl::StartsWith(parsed->registry(), text);
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
