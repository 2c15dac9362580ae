// The one file that knows RE2.
#include "src/tags/tag_pattern.h"

#include <re2/re2.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr int kMostGroups = 16;
constexpr int64_t kMostMemory = 4 << 20;  // for the program and its states

re2::StringPiece Piece(absl::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

absl::StatusOr<TagPattern> TagPattern::Parse(absl::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  TagPattern pattern;
  pattern.expression_ = std::make_shared<const RE2>(Piece(text), options);
  const RE2& expression = *pattern.expression_;
  if (!expression.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "is no regular expression: ", Printable(expression.error(), 256)));
  }
  if (expression.NumberOfCapturingGroups() > kMostGroups) {
    return absl::InvalidArgumentError(
        absl::StrCat("has more than ", kMostGroups, " groups"));
  }
  return pattern;
}

bool TagPattern::Fits(absl::string_view tag) const {
  return RE2::PartialMatch(Piece(tag), *expression_);
}

bool TagPattern::Fits(absl::string_view tag, TagWords& groups) const {
  std::array<re2::StringPiece, 1 + kMostGroups> found;
  const int count = expression_->NumberOfCapturingGroups();
  if (!expression_->Match(Piece(tag), 0, tag.size(), RE2::UNANCHORED,
                          found.data(), 1 + count)) {
    return false;
  }
  groups.clear();
  for (int i = 1; i <= count; ++i) {
    const bool took_part = found[i].data() != nullptr;
    groups.push_back(
        took_part ? absl::string_view(found[i].data(), found[i].size()) : "");
  }
  return true;
}

}  // namespace prepull
