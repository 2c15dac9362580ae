#include "src/registry/registry_json.h"

#include <boost/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "prepull/base/redact.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

namespace json = boost::json;

// The distribution specification's.
constexpr size_t kLongestTag = 128;

std::optional<json::object> ParseObject(absl::string_view text) {
  json::error_code error;
  json::value value =
      json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

// Empty if `field` is missing or no text.
std::string Text(const json::object& object, json::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_string()
             ? std::string(value->as_string())
             : "";
}

}  // namespace

absl::StatusOr<std::string> ParseToken(absl::string_view text) {
  const std::optional<json::object> answer = ParseObject(text);
  if (!answer.has_value()) {
    return absl::InvalidArgumentError("the answer is no JSON object");
  }
  for (const char* field : {"token", "access_token"}) {
    std::string token = Text(*answer, field);
    // It becomes a header's value.
    if (!token.empty() && Printable(token, token.size()) == token) {
      return token;
    }
  }
  return absl::InvalidArgumentError("the answer holds no token");
}

absl::StatusOr<std::vector<std::string>> ParseTagList(absl::string_view text) {
  const std::optional<json::object> answer = ParseObject(text);
  const json::value* tags =
      answer.has_value() ? answer->if_contains("tags") : nullptr;
  if (tags == nullptr || !(tags->is_array() || tags->is_null())) {
    return absl::InvalidArgumentError("the answer is no list of tags");
  }
  std::vector<std::string> list;
  if (tags->is_null()) return list;
  for (const json::value& tag : tags->as_array()) {
    if (!tag.is_string() || tag.as_string().size() > kLongestTag) {
      return absl::InvalidArgumentError("a tag is no text or too long");
    }
    list.emplace_back(tag.as_string());
  }
  return list;
}

std::string DescribeErrors(absl::string_view text) {
  const std::optional<json::object> answer = ParseObject(text);
  const json::value* errors =
      answer.has_value() ? answer->if_contains("errors") : nullptr;
  if (errors == nullptr || !errors->is_array() || errors->as_array().empty() ||
      !errors->as_array().front().is_object()) {
    return "";
  }
  const json::object& first = errors->as_array().front().as_object();
  const std::string code = Text(first, "code");
  const std::string message = Text(first, "message");
  return Printable(
      WithoutUrlSecrets(absl::StrCat(
          code, code.empty() || message.empty() ? "" : ": ", message)),
      300);
}

}  // namespace prepull
