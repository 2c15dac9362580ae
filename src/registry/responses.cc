#include "src/registry/responses.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// The distribution specification's.
constexpr size_t kMaxTagSize = 128;

}  // namespace

bool IsBusy(int http_status) {
  return http_status == 408 || http_status == 429 ||
         (http_status >= 500 && http_status != 501);
}

bool IsHtml(const HttpResponse& head) {
  return absl::StartsWithIgnoreCase(head.Header("Content-Type"), "text/html");
}

absl::Status CheckResponse(absl::string_view server,
                           const HttpResponse& response) {
  if (response.status == 200 && IsHtml(response)) {
    return absl::DataLossError(
        absl::StrCat(server, " responded with an HTML page"));
  }
  if (response.status == 200) return absl::OkStatus();
  const std::string errors = DescribeErrors(response.body);
  const std::string text = absl::StrCat(server, " responded ", response.status,
                                        errors.empty() ? "" : " ", errors);
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

absl::StatusOr<std::string> ParseToken(absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument answer, JsonDocument::ParseObject(text));
  for (const char* field : {"token", "access_token"}) {
    std::string token = answer[field].StringOrEmpty();
    // It becomes a header's value.
    if (!token.empty() && Printable(token, token.size()) == token) {
      return token;
    }
  }
  return absl::InvalidArgumentError("missing token");
}

absl::StatusOr<std::vector<std::string>> ParseTagList(absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument answer, JsonDocument::ParseObject(text));
  const JsonValue tags = answer["tags"];
  if (!tags.is_array() && !tags.is_null()) {
    return absl::InvalidArgumentError("tags: expected an array");
  }
  std::vector<std::string> list;
  for (const JsonValue tag : tags.elements()) {
    std::string name = tag.StringOrEmpty();
    if (!tag.is_string() || name.size() > kMaxTagSize) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tags: expected strings of at most ", kMaxTagSize, " bytes"));
    }
    list.push_back(std::move(name));
  }
  return list;
}

std::string DescribeErrors(absl::string_view text) {
  const absl::StatusOr<JsonDocument> answer = JsonDocument::Parse(text);
  if (!answer.ok()) return "";
  const std::vector<JsonValue> errors = (*answer)["errors"].elements();
  if (errors.empty()) return "";
  const std::string code = errors.front()["code"].StringOrEmpty();
  const std::string message = errors.front()["message"].StringOrEmpty();
  return Printable(
      WithoutUrlSecrets(absl::StrCat(
          code, code.empty() || message.empty() ? "" : ": ", message)),
      300);
}

}  // namespace prepull
