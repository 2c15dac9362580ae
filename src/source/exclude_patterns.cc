#include "src/source/exclude_patterns.h"

#include <regex.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxPattern = 1024;
constexpr size_t kMaxPatternLine = 4096;
// glibc unrolls repetitions, nested ones too.
constexpr uint32_t kMaxRepetitions = 1000;

// Returns the larger number of "2,5\}...", at most kMaxRepetitions + 1; 1 if
// there is none.
uint32_t Repetitions(absl::string_view text) {
  text = text.substr(0, text.find_first_not_of("0123456789,"));
  uint32_t most = 1;
  for (const absl::string_view number : absl::StrSplit(text, ',')) {
    uint32_t count = 0;
    if (number.empty()) continue;
    if (!absl::SimpleAtoi(number, &count)) count = kMaxRepetitions + 1;
    most = std::max(most, std::min(count, kMaxRepetitions + 1));
  }
  return most;
}

absl::Status CheckCost(absl::string_view pattern) {
  if (pattern.size() > kMaxPattern) {
    return absl::InvalidArgumentError(
        absl::StrCat("longer than ", kMaxPattern, " bytes"));
  }
  if (absl::StrContains(pattern, '\0')) {
    return absl::InvalidArgumentError("contains a NUL byte");
  }
  uint32_t repetitions = 1;
  // Within brackets a backslash stands for itself; refusing it there too is
  // stricter than needed, and harmless.
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    const char escaped = pattern[++i];
    if (escaped >= '1' && escaped <= '9') {
      return absl::InvalidArgumentError("back-references are not supported");
    }
    if (escaped == '{') repetitions *= Repetitions(pattern.substr(i + 1));
    if (repetitions > kMaxRepetitions) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMaxRepetitions, " repetitions"));
    }
  }
  return absl::OkStatus();
}

// grep refuses "[:space:]" too: it matches the characters of ":space", which
// is never intended.
absl::Status CheckBrackets(absl::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
      continue;
    }
    if (pattern[i] != '[') continue;
    size_t end = i + 1;
    if (absl::StartsWith(pattern.substr(end), "^")) ++end;
    if (absl::StartsWith(pattern.substr(end), "]")) ++end;
    while (end < pattern.size() && pattern[end] != ']') {
      const bool is_class = absl::StartsWith(pattern.substr(end), "[:");
      const size_t class_end = pattern.find(":]", end + 2);
      end = is_class && class_end != absl::string_view::npos ? class_end + 2
                                                             : end + 1;
    }
    const absl::string_view inside = pattern.substr(i + 1, end - i - 1);
    if (inside.size() > 2 && inside.front() == ':' && inside.back() == ':') {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid class: expected [[", inside, "]]"));
    }
    i = end;
  }
  return absl::OkStatus();
}

}  // namespace

class ExcludePatterns::Pattern {
 public:
  explicit Pattern(const std::string& text)
      : error_(regcomp(&compiled_, text.c_str(), REG_NOSUB)) {}
  ~Pattern() {
    if (error_ == 0) regfree(&compiled_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  absl::Status status() const {
    if (error_ == 0) return absl::OkStatus();
    char why[128];
    regerror(error_, &compiled_, why, sizeof(why));
    return absl::InvalidArgumentError(absl::AsciiStrToLower(why));
  }

  bool Matches(const std::string& line) const {
    return regexec(&compiled_, line.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_ = {};
  int error_ = 0;
};

absl::StatusOr<ExcludePatterns> ExcludePatterns::Compile(
    const std::vector<SourceLine>& lines) {
  ExcludePatterns patterns;
  for (const SourceLine& line : lines) {
    const std::string what =
        absl::StrCat(line.origin, ": \"", Printable(line.text, 128), "\"");
    RETURN_IF_ERROR(Annotate(CheckCost(line.text), what));
    RETURN_IF_ERROR(Annotate(CheckBrackets(line.text), what));
    auto pattern = std::make_shared<const Pattern>(line.text);
    RETURN_IF_ERROR(Annotate(pattern->status(), what));
    patterns.patterns_.push_back(std::move(pattern));
  }
  return patterns;
}

bool ExcludePatterns::Excludes(absl::string_view name,
                               absl::string_view pull_spec) const {
  const std::string line = absl::StrCat("\"", name, "$", pull_spec, "\"");
  if (line.size() > kMaxPatternLine) return false;
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const auto& each) { return each->Matches(line); });
}

absl::StatusOr<std::vector<SourceLine>> ExcludesOf(const SourceOptions& options,
                                                   FileSystem& files) {
  return ReadSourceLines(options.excludes, "--exclude", options.exclude_files,
                         files);
}

}  // namespace prepull
