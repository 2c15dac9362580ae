#include "prepull/base/label.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxNameSize = 63;
constexpr size_t kMaxSubdomainSize = 253;

bool IsLowerAlnum(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c);
}

// The name of a label behind its prefix, and a label's value.
bool IsLabelName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameSize &&
         absl::ascii_isalnum(text.front()) &&
         absl::ascii_isalnum(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || absl::StrContains("-_.", c);
         });
}

absl::Status Invalid(absl::string_view what, absl::string_view text,
                     absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("invalid label ", what, " \"",
                                                 Printable(text, 300),
                                                 "\": expected ", expected));
}

}  // namespace

// The parts have no length of their own.
bool IsDnsSubdomain(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  return text.size() <= kMaxSubdomainSize &&
         std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
           return !part.empty() && IsLowerAlnum(part.front()) &&
                  IsLowerAlnum(part.back()) &&
                  std::all_of(part.begin(), part.end(), [](char c) {
                    return IsLowerAlnum(c) || c == '-';
                  });
         });
}

absl::Status CheckLabelKey(absl::string_view key) {
  const size_t slash = key.find('/');
  const bool is_valid = slash == absl::string_view::npos
                            ? IsLabelName(key)
                            : IsDnsSubdomain(key.substr(0, slash)) &&
                                  IsLabelName(key.substr(slash + 1));
  if (is_valid) return absl::OkStatus();
  return Invalid("key", key,
                 "[PREFIX/]NAME, NAME of up to 63 letters, digits, - _ .");
}

absl::Status CheckLabelValue(absl::string_view value) {
  if (value.empty() || IsLabelName(value)) return absl::OkStatus();
  return Invalid("value", value, "up to 63 letters, digits, - _ .");
}

}  // namespace prepull
