#include "src/http/system_client.h"

#include <algorithm>
#include <stdexcept>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/http/exchange.h"
#include "src/http/url.h"

namespace prepull {
namespace {

// Debian's bundle has 220 kB.
constexpr int64_t kLargestCaFile = 16 << 20;

// RFC 9110, section 5.6.2.
bool IsToken(absl::string_view text) {
  return !text.empty() && text.size() <= 256 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) ||
                  absl::StrContains("!#$%&'*+-.^_`|~", c);
         });
}

// Nothing of a value may end its line and begin another.
bool IsFieldValue(absl::string_view text) {
  return text.size() <= 65535 &&
         std::none_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

absl::Status CheckRequest(const HttpRequest& request) {
  if (!IsToken(request.method)) {
    return absl::InvalidArgumentError("the method is none of HTTP");
  }
  for (const HttpHeader& header : request.headers) {
    if (IsToken(header.name) && IsFieldValue(header.value)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "the header ", Printable(header.name, 64), " is malformed"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view HttpResponse::Header(absl::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return "";
}

absl::StatusOr<HttpResponse> SystemHttpClient::Send(
    const HttpRequest& request, const std::stop_token& stop) {
  RETURN_IF_ERROR(CheckRequest(request));
  ASSIGN_OR_RETURN(const Url url, ParseUrl(request.url));
  std::string ca_pem;
  if (url.is_secure) {
    ASSIGN_OR_RETURN(ca_pem, files_.ReadFile(request.ca_file, kLargestCaFile));
  }
  const std::string what = absl::StrCat(request.method, " ", url.authority);
  try {
    absl::StatusOr<HttpResponse> response = Converse({.request = request,
                                                      .url = url,
                                                      .ca_pem = ca_pem,
                                                      .look_up = look_up_,
                                                      .clock = clock_,
                                                      .stop = stop});
    if (!response.ok()) return Annotate(response.status(), what);
    return response;
  } catch (const std::runtime_error& error) {
    // What has no overload for error codes: the making of contexts and threads.
    return absl::UnavailableError(absl::StrCat(what, ": ", error.what()));
  }
}

std::unique_ptr<HttpClient> MakeHttpClient(FileSystem& files, Clock& clock) {
  return std::make_unique<SystemHttpClient>(files, clock);
}

}  // namespace prepull
