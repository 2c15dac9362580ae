#include "src/registry/answer_error.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/passing_error.h"
#include "src/registry/registry_json.h"

namespace prepull {

bool IsBusy(int http_status) {
  return http_status == 408 || http_status == 429 ||
         (http_status >= 500 && http_status != 501);
}

bool IsWebPage(const HttpResponse& head) {
  return absl::StartsWithIgnoreCase(head.Header("Content-Type"), "text/html");
}

absl::Status CheckAnswer(absl::string_view who, const HttpResponse& response) {
  if (response.status == 200 && IsWebPage(response)) {
    return absl::DataLossError(absl::StrCat(who, " answers with a web page"));
  }
  if (response.status == 200) return absl::OkStatus();
  const std::string words = DescribeErrors(response.body);
  const std::string text = absl::StrCat(who, " answers ", response.status,
                                        words.empty() ? "" : " ", words);
  switch (response.status) {
    case 401:
      return absl::UnauthenticatedError(text);
    case 403:
      return absl::PermissionDeniedError(text);
    case 404:
      return absl::NotFoundError(text);
    case 429:
      return PassingError(absl::ResourceExhaustedError(text));
    default:
      return IsBusy(response.status)
                 ? PassingError(absl::UnavailableError(text))
                 : absl::FailedPreconditionError(text);
  }
}

}  // namespace prepull
