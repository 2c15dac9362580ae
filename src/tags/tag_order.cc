#include "prepull/tags/tag_order.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace prepull {
namespace {

enum class Kind { kNothing, kNumber, kText };

Kind KindOf(absl::string_view word) {
  if (word.empty()) return Kind::kNothing;
  return IsNumber(word) ? Kind::kNumber : Kind::kText;
}

absl::string_view WithoutLeadingZeros(absl::string_view number) {
  number.remove_prefix(
      std::min(number.find_first_not_of('0'), number.size() - 1));
  return number;
}

bool IsNewer(const RankedTag& a, const RankedTag& b, Variants variants) {
  const int by_rank = CompareWords(a.rank, b.rank);
  if (by_rank != 0) return by_rank > 0;
  const int by_variant =
      variants == Variants::kOne ? CompareWords(a.variant, b.variant) : 0;
  return by_variant != 0 ? by_variant > 0 : a.tag > b.tag;
}

bool TakeOneSlot(const RankedTag& a, const RankedTag& b, Variants variants) {
  return variants == Variants::kOne ? CompareWords(a.rank, b.rank) == 0
                                    : a.tag == b.tag;
}

}  // namespace

bool IsNumber(absl::string_view word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), absl::ascii_isdigit);
}

int CompareWord(absl::string_view a, absl::string_view b) {
  const Kind kind = KindOf(a);
  const Kind other = KindOf(b);
  if (kind != other) return kind < other ? -1 : 1;
  if (kind == Kind::kNumber) {
    a = WithoutLeadingZeros(a);
    b = WithoutLeadingZeros(b);
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  }
  return a.compare(b);
}

std::vector<absl::string_view> Newest(std::vector<RankedTag> tags, size_t most,
                                      Variants variants) {
  std::sort(tags.begin(), tags.end(),
            [variants](const RankedTag& a, const RankedTag& b) {
              return IsNewer(a, b, variants);
            });
  tags.erase(std::unique(tags.begin(), tags.end(),
                         [variants](const RankedTag& a, const RankedTag& b) {
                           return TakeOneSlot(a, b, variants);
                         }),
             tags.end());
  tags.resize(std::min(tags.size(), most));
  std::vector<absl::string_view> newest;
  newest.reserve(tags.size());
  for (const RankedTag& each : tags) newest.push_back(each.tag);
  return newest;
}

}  // namespace prepull
