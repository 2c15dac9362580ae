// Any Link header has a next page out of itself, or none.
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/http/headers.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void Try(absl::string_view text) {
  const absl::StatusOr<std::string> next = NextPage(text);
  if (!next.ok()) return;
  Require(
      next->empty() || absl::StrContains(text, absl::StrCat("<", *next, ">")),
      "a page is a target of the header");
  Require(NextPage(absl::StrCat("</x>; rel=next, ", text)).value() == "/x",
          "the first one counts");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
