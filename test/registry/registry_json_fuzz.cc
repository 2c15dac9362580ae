// Any answer is a token, tags or an error as said, or none of them; what is
// shown of it can be shown.
#include <cstdint>

#include "prepull/base/text.h"
#include "src/registry/responses.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void Try(absl::string_view text) {
  const absl::StatusOr<std::string> token = ParseToken(text);
  Require(!token.ok() ||
              (!token->empty() && Printable(*token, token->size()) == *token),
          "a token can be put into a header");
  const auto tags = ParseTagList(text);
  Require(!tags.ok() || tags->size() <= text.size(), "no tag from nowhere");
  const std::string words = DescribeErrors(text);
  Require(words.size() <= 400 && Printable(words, 400) == words,
          "an error is short and can be shown");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
