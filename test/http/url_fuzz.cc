// Any bytes are a URL whose parts are safe to put into a request, or refused
// in one of a few sentences, which show nothing of them.
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/http/url.h"
#include "test/support/require.h"

namespace {

bool IsGraphic(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isgraph(c)) return false;
  }
  return !text.empty();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const absl::StatusOr<prepull::Url> url = prepull::ParseUrl(text);
  if (!url.ok()) {
    prepull::Require(absl::StartsWith(url.status().message(), "invalid URL") &&
                         url.status().message().size() < 50,
                     "a refusal shows nothing of the URL");
    return 0;
  }
  prepull::Require(IsGraphic(url->host) && IsGraphic(url->authority) &&
                       IsGraphic(url->target),
                   "no part ends its line");
  prepull::Require(!absl::StrContains(url->authority, '@'), "there is no user");
  prepull::Require(url->target[0] == '/', "the target is a path");
  prepull::Require(!absl::StrContains(url->target, '#'), "no fragment is sent");
  prepull::Require(url->port != 0, "there is a port");

  const absl::StatusOr<prepull::Url> again = prepull::ParseUrl(absl::StrCat(
      url->is_secure ? "https://" : "http://", url->authority, url->target));
  prepull::Require(again.ok() && again->host == url->host &&
                       again->port == url->port && again->target == url->target,
                   "the parts make the same URL again");
  return 0;
}
