// Reads the values of HTTP headers that say what to do next: challenges, links
// and pauses. Pure.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110
// https://www.rfc-editor.org/rfc/rfc8288
#ifndef PREPULL_HTTP_HEADERS_H_
#define PREPULL_HTTP_HEADERS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/http/http_client.h"

namespace prepull {

// Returns whether `text` is a token: the name of a method or a header.
bool IsHttpToken(absl::string_view text);

// Returns how long the server wants to be left alone (Retry-After). Zero if it
// does not say, or says a date: comparing that needs clocks that agree.
absl::Duration RetryAfter(const HttpResponse& response);

// How to authenticate, as a server that answers 401 demands.
struct Challenge {
  std::string scheme = "";  // lower case: "bearer"
  // Names in lower case; of two with the same name the first.
  std::map<std::string, std::string> parameters = {};
};

// Returns the challenges of one WWW-Authenticate header, in their order. A
// syntax error ends the list; the challenges before it count.
std::vector<Challenge> ParseChallenges(absl::string_view header);

// Returns the target of the first link with the relation "next", as written,
// or "" if there is none. Errors: INVALID_ARGUMENT  names the header Link: an
// unreadable link may have been the next page.
absl::StatusOr<std::string> NextPage(absl::string_view link_header);

// The same for all Link headers of `response`.
absl::StatusOr<std::string> NextPage(const HttpResponse& response);

}  // namespace prepull

#endif  // PREPULL_HTTP_HEADERS_H_
