#include "src/report/state_letters.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

struct Letter {
  ImageState state;
  char letter;
};

// By their two bits.
constexpr std::array<Letter, 4> kLetters = {{{ImageState::kPulled, 'P'},
                                             {ImageState::kSkipped, 'S'},
                                             {ImageState::kFailed, 'F'},
                                             {ImageState::kStopped, 'T'}}};

constexpr size_t kPerByte = 4;

// An image without an end of its own was stopped.
size_t BitsOf(ImageState state) {
  const auto* row =
      std::find_if(kLetters.begin(), kLetters.end(),
                   [state](const Letter& each) { return each.state == state; });
  return std::min<size_t>(row - kLetters.begin(), kLetters.size() - 1);
}

size_t Shift(size_t i) { return 2 * (kPerByte - 1 - i % kPerByte); }

// Takes "40P" off `text`. Nothing if it does not begin so.
std::optional<std::pair<uint64_t, ImageState>> TakeRun(
    absl::string_view& text) {
  const auto* end =
      std::find_if_not(text.begin(), text.end(), absl::ascii_isdigit);
  const absl::string_view digits = text.substr(0, end - text.begin());
  uint64_t count = 0;
  if (end == text.end() || digits.empty() || digits.front() == '0' ||
      !absl::SimpleAtoi(digits, &count)) {
    return std::nullopt;
  }
  const auto* row =
      std::find_if(kLetters.begin(), kLetters.end(),
                   [end](const Letter& each) { return each.letter == *end; });
  if (row == kLetters.end()) return std::nullopt;
  text.remove_prefix(digits.size() + 1);
  return std::pair(count, row->state);
}

}  // namespace

std::string RunLengths(const std::vector<ImageState>& states,
                       size_t limit_bytes) {
  std::string text;
  for (size_t i = 0; i < states.size();) {
    const size_t bits = BitsOf(states[i]);
    size_t next = i + 1;
    while (next < states.size() && BitsOf(states[next]) == bits) ++next;
    absl::StrAppend(&text, next - i,
                    absl::string_view(&kLetters[bits].letter, 1));
    if (text.size() > limit_bytes) return "";
    i = next;
  }
  return text;
}

std::optional<std::vector<ImageState>> ParseRunLengths(absl::string_view text,
                                                       size_t total) {
  std::vector<ImageState> states;
  while (!text.empty()) {
    const auto run = TakeRun(text);
    if (!run || run->first > total - states.size()) return std::nullopt;
    states.insert(states.end(), run->first, run->second);
  }
  if (states.size() != total) return std::nullopt;
  return states;
}

std::string StateBits(const std::vector<ImageState>& states) {
  std::string bits((states.size() + kPerByte - 1) / kPerByte, '\0');
  for (size_t i = 0; i < states.size(); ++i) {
    bits[i / kPerByte] =
        static_cast<char>(static_cast<unsigned char>(bits[i / kPerByte]) |
                          (BitsOf(states[i]) << Shift(i)));
  }
  return bits;
}

std::optional<std::vector<ImageState>> ParseStateBits(absl::string_view bits,
                                                      size_t total) {
  if (bits.size() != (total + kPerByte - 1) / kPerByte) return std::nullopt;
  std::vector<ImageState> states;
  states.reserve(total);
  for (size_t i = 0; i < total; ++i) {
    const auto byte = static_cast<unsigned char>(bits[i / kPerByte]);
    states.push_back(kLetters[(byte >> Shift(i)) & 3].state);
  }
  return states;
}

}  // namespace prepull
