#include "prepull/image/digest.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

constexpr size_t kMinHexDigits = 32;

struct KnownAlgorithm {
  absl::string_view name;
  size_t hex_digits = 0;
};

// The image specification's two, and sha384, which go-digest knows too.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/descriptor.md
constexpr std::array<KnownAlgorithm, 3> kKnownAlgorithms = {
    {{"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};

bool JoinsAlgorithm(char c) {
  return c == '-' || c == '_' || c == '+' || c == '.';
}

bool IsHexDigit(char c) { return absl::ascii_isxdigit(c); }

// Letters and digits, joined by single separators, a letter behind each.
bool IsAlgorithm(absl::string_view text) {
  bool in_part = false;
  for (const char c : text) {
    const bool is_valid = in_part ? absl::ascii_isalnum(c) || JoinsAlgorithm(c)
                                  : absl::ascii_isalpha(c);
    if (!is_valid) return false;
    in_part = !JoinsAlgorithm(c);
  }
  return in_part;
}

// The grammar would take capitals, but go-digest then refuses them.
absl::Status CheckAlgorithm(absl::string_view algorithm) {
  if (algorithm.empty()) {
    return absl::InvalidArgumentError("digest algorithm is empty");
  }
  if (!IsAlgorithm(algorithm)) {
    return absl::InvalidArgumentError("digest algorithm is malformed");
  }
  if (std::any_of(algorithm.begin(), algorithm.end(), absl::ascii_isupper)) {
    return absl::InvalidArgumentError("digest algorithm must be lowercase");
  }
  return absl::OkStatus();
}

absl::Status CheckHex(const KnownAlgorithm& algorithm, absl::string_view hex) {
  if (hex.size() == algorithm.hex_digits &&
      std::none_of(hex.begin(), hex.end(), absl::ascii_isupper)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(algorithm.name, " digest must have ", algorithm.hex_digits,
                   " lower-case hex digits"));
}

absl::Status CheckHexOfUnknown(absl::string_view hex) {
  if (hex.size() >= kMinHexDigits) return absl::OkStatus();
  return absl::InvalidArgumentError("digest must have at least 32 hex digits");
}

}  // namespace

absl::Status CheckDigest(absl::string_view digest) {
  if (digest.empty()) return absl::InvalidArgumentError("digest is empty");
  const size_t colon = digest.find(':');
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "digest must be an algorithm, ':' and hex digits");
  }
  const absl::string_view name = digest.substr(0, colon);
  const absl::string_view hex = digest.substr(colon + 1);
  RETURN_IF_ERROR(CheckAlgorithm(name));
  if (!std::all_of(hex.begin(), hex.end(), IsHexDigit)) {
    return absl::InvalidArgumentError("digest must contain only hex digits");
  }
  const auto* known = std::find_if(
      kKnownAlgorithms.begin(), kKnownAlgorithms.end(),
      [name](const KnownAlgorithm& one) { return one.name == name; });
  if (known == kKnownAlgorithms.end()) return CheckHexOfUnknown(hex);
  return CheckHex(*known, hex);
}

}  // namespace prepull
