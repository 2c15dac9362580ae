#include "test/support/crio/http_errors.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

constexpr size_t kMaxShownBytes = 50;

// The distribution project's codes with their own messages.
// Source: https://github.com/distribution/distribution, registry/api/errcode
const std::map<std::string, std::string>& Messages() {
  static const std::map<std::string, std::string> messages = {
      {"BLOB_UNKNOWN", "blob unknown to registry"},
      {"DENIED", "requested access to the resource is denied"},
      {"MANIFEST_UNKNOWN", "manifest unknown"},
      {"NAME_UNKNOWN", "repository name not known to registry"},
      {"TOOMANYREQUESTS", "too many requests"},
      {"UNAUTHORIZED", "authentication required"},
  };
  return messages;
}

std::string ErrorText(const JsonValue& error) {
  const std::string code = error["code"].StringOrEmpty();
  const std::string message = error["message"].StringOrEmpty();
  const auto known = Messages().find(code);
  if (known == Messages().end()) return absl::StrCat("unknown: ", message);
  if (message == known->second) return message;
  return absl::StrCat(
      absl::StrReplaceAll(absl::AsciiStrToLower(code), {{"_", " "}}), ": ",
      message);
}

std::string Reason(int status) {
  switch (status) {
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

// `message` is "GET HOST: what: why".
absl::string_view WithoutHost(absl::string_view message) {
  return message.substr(message.find(": ") + 2);
}

}  // namespace

std::string AnswerText(const HttpResponse& response) {
  if (response.status < 400 || response.status >= 500) {
    return absl::StrCat("received unexpected HTTP status: ", response.status,
                        " ", Reason(response.status));
  }
  const auto document = JsonDocument::Parse(response.body);
  if (document.ok() && (*document)["errors"].size() > 0) {
    return ErrorText((*document)["errors"].elements().front());
  }
  const bool is_long = response.body.size() > kMaxShownBytes;
  return absl::StrCat("StatusCode: ", response.status, ", \"",
                      response.body.substr(0, kMaxShownBytes),
                      is_long ? "...\"" : "\"");
}

bool IsBrokenBody(const absl::Status& error) {
  return absl::IsUnavailable(error) &&
         absl::StrContains(error.message(), "read body: ");
}

std::string BrokenBodyText(const absl::Status& error, absl::string_view host) {
  if (absl::StrContains(error.message(), "closed early")) {
    return "unexpected EOF";
  }
  return absl::StrCat("read tcp ", host, ": read: connection reset by peer");
}

absl::Status AsGoSaysIt(const absl::Status& error, absl::string_view host,
                        absl::string_view path) {
  if (absl::IsCancelled(error)) return absl::CancelledError("context canceled");
  const absl::string_view message = WithoutHost(error.message());
  if (!absl::IsUnavailable(error)) return WithMessage(error, message);
  const std::string text = absl::StrReplaceAll(
      message, {{"connect: ", absl::StrCat("dial tcp ", host, ": connect: ")},
                {"read response: connection closed early", "EOF"}});
  return absl::UnavailableError(
      absl::StrCat("Get \"http://", host, path, "\": ", text));
}

}  // namespace prepull
