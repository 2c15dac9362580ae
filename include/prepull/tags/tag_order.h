// The order of tags by the words that an ordering finds in them. Pure.
//
// Numbers are compared as text, so they may be of any length.
#ifndef PREPULL_TAGS_TAG_ORDER_H_
#define PREPULL_TAGS_TAG_ORDER_H_

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Views into a tag.
using TagWords = absl::InlinedVector<absl::string_view, 4>;

// Above all words that a version holds, so that 1.2.0 is above 1.2.0-rc.1.
constexpr absl::string_view kHighestWord = "~";

bool IsNumber(absl::string_view word);

// Less than 0 if `a` is the lower word, 0 if they are equal: nothing is below
// numbers, numbers are below other words, and those stand in the order of
// their bytes. Were a number and another word compared by bytes too, 9, 10 and
// 1a would stand in a circle.
int CompareWord(absl::string_view a, absl::string_view b);

// The same for lists of words, looking at no more than the `first` ones. A
// list that ends where the other goes on is the lower one.
template <typename A, typename B>
int CompareWords(const A& a, const B& b,
                 size_t first = std::numeric_limits<size_t>::max()) {
  const size_t a_size = std::min<size_t>(a.size(), first);
  const size_t b_size = std::min<size_t>(b.size(), first);
  for (size_t i = 0; i < std::min(a_size, b_size); ++i) {
    const int order = CompareWord(a[i], b[i]);
    if (order != 0) return order;
  }
  return a_size == b_size ? 0 : (a_size < b_size ? -1 : 1);
}

// A tag and its place. Tags of equal rank are variants of one build.
struct RankedTag {
  TagWords rank = {};
  // The highest of the variants stands for the build.
  absl::InlinedVector<absl::string_view, 2> variant = {};
  absl::string_view tag = "";
};

enum class Variants {
  kOne,  // of each build the one that stands for it
  kAll,  // each counts, the last in the alphabet first
};

// The `most` newest of `tags`, newest first, whatever their order; each once.
std::vector<absl::string_view> Newest(std::vector<RankedTag> tags, size_t most,
                                      Variants variants);

}  // namespace prepull

#endif  // PREPULL_TAGS_TAG_ORDER_H_
