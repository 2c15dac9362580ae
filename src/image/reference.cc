#include "prepull/image/reference.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/image/digest.h"

namespace prepull {
namespace {

// reference.go, regexp.go and normalize.go of distribution/reference.
constexpr size_t kMaxPath = 255;
constexpr size_t kMaxTag = 128;
constexpr size_t kImageIdLength = 64;
constexpr absl::string_view kDockerHub = "docker.io";
constexpr absl::string_view kOldDockerHub = "index.docker.io";
constexpr absl::string_view kOfficialImages = "library/";

absl::Status Broken(absl::string_view rule) {
  return absl::InvalidArgumentError(rule);
}

bool IsDigit(char c) { return absl::ascii_isdigit(c); }

bool IsSeparator(char c) { return c == '.' || c == '_' || c == '-'; }

bool IsPathCharacter(char c) {
  return absl::ascii_islower(c) || IsDigit(c) || IsSeparator(c) || c == '/';
}

bool IsTagCharacter(char c) { return absl::ascii_isalnum(c) || IsSeparator(c); }

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '.' || c == '-';
}

bool IsAddressCharacter(char c) { return absl::ascii_isxdigit(c) || c == ':'; }

template <typename Predicate>
bool All(absl::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

bool HoldsUpper(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), absl::ascii_isupper);
}

bool IsImageId(absl::string_view text) {
  return text.size() == kImageIdLength &&
         text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

// Mistakes people make with the whole text.
absl::Status CheckShape(absl::string_view text) {
  if (text.empty()) return Broken("image reference is empty");
  if (IsImageId(text)) {
    return Broken("64 hex digits are an image ID, not an image reference");
  }
  if (absl::StrContains(text, "://")) {
    return Broken("image reference must not have a URL scheme");
  }
  if (text.front() == '[' && !absl::StrContains(text, '/')) {
    return Broken("registry without a repository");
  }
  return absl::OkStatus();
}

absl::Status CheckPort(absl::string_view port) {
  if (!port.empty() && All(port, IsDigit)) return absl::OkStatus();
  return Broken("registry port must be a number");
}

// `domain` begins with '['.
absl::Status CheckAddress(absl::string_view domain) {
  const size_t bracket = domain.find(']');
  if (bracket == absl::string_view::npos) {
    return Broken("IPv6 address without a closing bracket");
  }
  const absl::string_view address = domain.substr(1, bracket - 1);
  absl::string_view behind = domain.substr(bracket + 1);
  if (address.empty() || !All(address, IsAddressCharacter)) {
    return Broken("IPv6 address may contain only hex digits and ':'");
  }
  if (behind.empty()) return absl::OkStatus();
  if (absl::ConsumePrefix(&behind, ":")) return CheckPort(behind);
  return Broken("only a port may follow an IPv6 address");
}

bool IsHostLabel(absl::string_view label) {
  return !label.empty() && label.front() != '-' && label.back() != '-';
}

absl::Status CheckHost(absl::string_view host) {
  if (host.empty()) return Broken("registry host is empty");
  if (!All(host, IsHostCharacter)) {
    return Broken(
        "registry host may contain only letters, digits, '.' and '-'");
  }
  while (true) {
    const size_t dot = host.find('.');
    if (!IsHostLabel(host.substr(0, dot))) {
      return Broken(
          "parts of the registry host must begin and end with a letter or "
          "digit");
    }
    if (dot == absl::string_view::npos) return absl::OkStatus();
    host.remove_prefix(dot + 1);
  }
}

absl::Status CheckDomain(absl::string_view domain) {
  if (domain.front() == '[') return CheckAddress(domain);
  const size_t colon = domain.find(':');
  if (colon == absl::string_view::npos) return CheckHost(domain);
  if (domain.find(':', colon + 1) != absl::string_view::npos) {
    return Broken("IPv6 address must be in brackets");
  }
  RETURN_IF_ERROR(CheckHost(domain.substr(0, colon)));
  return CheckPort(domain.substr(colon + 1));
}

// One '.', one or two '_', any number of '-', or nothing.
bool IsSeparatorRun(absl::string_view run) {
  return run == "." || run == "_" || run == "__" ||
         run.find_first_not_of('-') == absl::string_view::npos;
}

// `component` begins and ends with a letter or digit.
bool JoinsItsLetters(absl::string_view component) {
  size_t begin = 0;
  while ((begin = component.find_first_of("._-", begin)) !=
         absl::string_view::npos) {
    const size_t end = component.find_first_not_of("._-", begin);
    if (!IsSeparatorRun(component.substr(begin, end - begin))) return false;
    begin = end;
  }
  return true;
}

absl::Status CheckComponent(absl::string_view component) {
  if (component.empty()) return Broken("repository has an empty component");
  if (IsSeparator(component.front()) || IsSeparator(component.back())) {
    return Broken(
        "parts of the repository must begin and end with a letter or digit");
  }
  if (JoinsItsLetters(component)) return absl::OkStatus();
  return Broken(
      "repository may separate letters only by one '.', one or two '_', or any "
      "number of '-'");
}

absl::Status CheckPath(absl::string_view path) {
  if (path.empty()) return Broken("repository is empty");
  if (HoldsUpper(path)) return Broken("repository must be lowercase");
  if (!All(path, IsPathCharacter)) {
    return Broken(
        "repository may contain only lower-case letters, digits, '.', '_', '-' "
        "and '/'");
  }
  while (true) {
    const size_t slash = path.find('/');
    RETURN_IF_ERROR(CheckComponent(path.substr(0, slash)));
    if (slash == absl::string_view::npos) return absl::OkStatus();
    path.remove_prefix(slash + 1);
  }
}

absl::Status CheckTag(absl::string_view tag) {
  if (tag.empty()) return Broken("tag is empty");
  if (!All(tag, IsTagCharacter)) {
    return Broken("tag may contain only letters, digits, '_', '.' and '-'");
  }
  if (tag.front() == '.' || tag.front() == '-') {
    return Broken("tag must begin with a letter, a digit or '_'");
  }
  if (tag.size() > kMaxTag) return Broken("tag is longer than 128 characters");
  return absl::OkStatus();
}

// The text cut up, nothing checked and nothing completed.
struct Parts {
  absl::string_view domain;  // empty: Docker Hub
  absl::string_view path;
  std::optional<absl::string_view> tag = std::nullopt;
  std::optional<absl::string_view> digest = std::nullopt;
};

// Whether what stands before the first slash is a registry, and not the first
// part of a name on Docker Hub (splitDockerDomain in normalize.go).
bool CountsAsDomain(absl::string_view segment) {
  return segment == "localhost" || HoldsUpper(segment) ||
         segment.find_first_of(".:") != absl::string_view::npos;
}

Parts Split(absl::string_view text) {
  Parts parts;
  const size_t slash = text.find('/');
  if (slash != absl::string_view::npos &&
      CountsAsDomain(text.substr(0, slash))) {
    parts.domain = text.substr(0, slash);
    text.remove_prefix(slash + 1);
  }
  parts.path = text.substr(0, text.find_first_of(":@"));
  text.remove_prefix(parts.path.size());
  if (absl::ConsumePrefix(&text, ":")) {
    parts.tag = text.substr(0, text.find('@'));
    text.remove_prefix(parts.tag->size());
  }
  if (absl::ConsumePrefix(&text, "@")) parts.digest = text;
  return parts;
}

// distribution takes "my_host.local/app" for a path without any domain, and
// containerd then asks my_host.local all the same.
bool IsPathLikeDomain(const Parts& parts) {
  return !parts.domain.empty() && !CheckDomain(parts.domain).ok() &&
         CheckPath(parts.domain).ok();
}

absl::Status Check(const Parts& parts) {
  if (!parts.domain.empty() && !IsPathLikeDomain(parts)) {
    RETURN_IF_ERROR(CheckDomain(parts.domain));
  }
  RETURN_IF_ERROR(CheckPath(parts.path));
  if (parts.tag) RETURN_IF_ERROR(CheckTag(*parts.tag));
  if (parts.digest) RETURN_IF_ERROR(CheckDigest(*parts.digest));
  return absl::OkStatus();
}

absl::string_view Registry(const Parts& parts) {
  const bool is_docker_hub =
      parts.domain.empty() || parts.domain == kOldDockerHub;
  return is_docker_hub ? kDockerHub : parts.domain;
}

std::string CompletedPath(const Parts& parts) {
  const bool is_official =
      Registry(parts) == kDockerHub && !absl::StrContains(parts.path, '/');
  return absl::StrCat(is_official ? kOfficialImages : "", parts.path);
}

absl::Status CheckLength(const Parts& parts, absl::string_view path) {
  const size_t in_domain =
      IsPathLikeDomain(parts) ? parts.domain.size() + 1 : 0;
  if (in_domain + path.size() <= kMaxPath) return absl::OkStatus();
  return Broken("repository is longer than 255 characters");
}

}  // namespace

bool IsTag(absl::string_view text) { return CheckTag(text).ok(); }

absl::StatusOr<Reference> Reference::Parse(absl::string_view text) {
  RETURN_IF_ERROR(CheckShape(text));
  const Parts parts = Split(text);
  RETURN_IF_ERROR(Check(parts));
  const std::string path = CompletedPath(parts);
  RETURN_IF_ERROR(CheckLength(parts, path));
  Reference reference;
  reference.text_ = std::string(text);
  reference.registry_ = std::string(Registry(parts));
  reference.repository_ = absl::StrCat(reference.registry_, "/", path);
  reference.tag_ = std::string(parts.tag.value_or(""));
  reference.digest_ = std::string(parts.digest.value_or(""));
  return reference;
}

std::string Reference::Normalised() const {
  if (!digest_.empty()) return absl::StrCat(repository_, "@", digest_);
  return absl::StrCat(repository_, ":", tag_.empty() ? "latest" : tag_);
}

}  // namespace prepull
