// Any WWW-Authenticate header is some challenges, whose names are lower case
// and which have nothing that the header has not.
#include <cstdint>

#include "absl/strings/ascii.h"
#include "prepull/http/headers.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void Try(absl::string_view text) {
  size_t bytes = 0;
  for (const Challenge& challenge : ParseChallenges(text)) {
    Require(!challenge.scheme.empty(), "a challenge has a scheme");
    Require(absl::AsciiStrToLower(challenge.scheme) == challenge.scheme,
            "a scheme is lower case");
    bytes += challenge.scheme.size();
    for (const auto& [name, value] : challenge.parameters) {
      Require(!name.empty() && absl::AsciiStrToLower(name) == name,
              "a name is lower case");
      bytes += name.size() + value.size();
    }
  }
  Require(bytes <= text.size(), "nothing is added");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
