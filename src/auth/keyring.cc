#include "src/auth/keyring.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/redact.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxShownKeyBytes = 256;

// All are the same registry; a Reference has the first.
constexpr std::array<absl::string_view, 3> kDockerHub = {
    "docker.io", "index.docker.io", "registry-1.docker.io"};

std::vector<std::string> Segments(absl::string_view path) {
  return absl::StrSplit(path, '/', absl::SkipEmpty());
}

bool IsDockerHub(absl::string_view host) {
  return std::count(kDockerHub.begin(), kDockerHub.end(), host) > 0;
}

// Without scheme, query and user. The user ends at the last @ before the path.
absl::string_view BareKey(absl::string_view key) {
  if (!absl::ConsumePrefix(&key, "https://")) {
    absl::ConsumePrefix(&key, "http://");
  }
  key = key.substr(0, key.find_first_of("?#"));
  const absl::string_view authority = key.substr(0, key.find('/'));
  key.remove_prefix(authority.rfind('@') + 1);  // 0 if there is none
  return key;
}

// Matches "*" with any text. Not fnmatch(3), as a catalogue's ignore files: an
// IPv6 host has brackets.
bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  const std::vector<absl::string_view> pieces = absl::StrSplit(pattern, '*');
  if (pieces.size() == 1) return pattern == text;
  if (!absl::ConsumePrefix(&text, pieces.front())) return false;
  for (size_t i = 1; i + 1 < pieces.size(); ++i) {
    const size_t at = text.find(pieces[i]);
    if (at == absl::string_view::npos) return false;
    text.remove_prefix(at + pieces[i].size());
  }
  return absl::EndsWith(text, pieces.back());
}

bool HostMatches(const std::vector<std::string>& pattern,
                 absl::string_view host) {
  const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
  return std::equal(pattern.begin(), pattern.end(), parts.begin(), parts.end(),
                    GlobMatches);
}

}  // namespace

std::optional<RegistryPattern> RegistryPattern::Parse(absl::string_view key) {
  key = BareKey(key);
  const absl::string_view authority = key.substr(0, key.find('/'));
  absl::string_view path = key.substr(authority.size());
  const auto [host, port] = SplitHostPort(authority);
  if (host.empty()) return std::nullopt;
  if (absl::StartsWith(path, "/v1/") || absl::StartsWith(path, "/v2/")) {
    path.remove_prefix(3);
  }
  RegistryPattern pattern;
  const std::string lower_host = absl::AsciiStrToLower(host);
  // The last slash of Docker Hub's key is often missing, and Docker Hub has no
  // users "v1" and "v2".
  if (IsDockerHub(lower_host) && (path == "/v1" || path == "/v2")) path = "";
  pattern.host_parts_ = absl::StrSplit(lower_host, '.');
  pattern.port_ = std::string(port);
  pattern.path_ = Segments(path);
  return pattern;
}

bool RegistryPattern::Matches(const Reference& image) const {
  const auto [host, port] = SplitHostPort(image.registry());
  if (port != port_) return false;
  const std::vector<std::string> path = Segments(
      absl::string_view(image.repository()).substr(image.registry().size()));
  if (path_.size() > path.size() ||
      !std::equal(path_.begin(), path_.end(), path.begin())) {
    return false;
  }
  const std::string lower_host = absl::AsciiStrToLower(host);
  if (!IsDockerHub(lower_host)) return HostMatches(host_parts_, lower_host);
  return std::any_of(kDockerHub.begin(), kDockerHub.end(),
                     [this](absl::string_view name) {
                       return HostMatches(host_parts_, name);
                     });
}

Specificity RegistryPattern::specificity() const {
  Specificity narrow = {.path_segments = path_.size(), .is_exact = true};
  size_t literals = 0;
  for (const std::string& part : host_parts_) {
    const size_t stars = std::count(part.begin(), part.end(), '*');
    literals += part.size() - stars;
    if (stars > 0) narrow.is_exact = false;
  }
  if (!narrow.is_exact) narrow.literal_characters = literals;
  return narrow;
}

std::string ShownKey(absl::string_view key) {
  return Printable(WithoutUrlSecrets(BareKey(key)), kMaxShownKeyBytes);
}

std::vector<Credential> Keyring::Find(const Reference& image) const {
  std::vector<const KeyringEntry*> matching;
  for (const KeyringEntry& entry : entries_) {
    if (entry.pattern.Matches(image)) matching.push_back(&entry);
  }
  std::stable_sort(matching.begin(), matching.end(),
                   [](const KeyringEntry* a, const KeyringEntry* b) {
                     return a->pattern.specificity() > b->pattern.specificity();
                   });
  std::vector<Credential> credentials;
  credentials.reserve(matching.size());
  for (const KeyringEntry* entry : matching) {
    credentials.push_back(entry->credential);
  }
  return credentials;
}

void AppendNew(const std::vector<Credential>& more,
               std::vector<Credential>& credentials) {
  for (const Credential& credential : more) {
    if (std::find(credentials.begin(), credentials.end(), credential) ==
        credentials.end()) {
      credentials.push_back(credential);
    }
  }
}

}  // namespace prepull
