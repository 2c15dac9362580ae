#include "src/kube/api_message.h"

#include <boost/json.hpp>

#include "absl/strings/str_replace.h"
#include "prepull/base/text.h"

namespace prepull {

namespace json = boost::json;

std::string ApiMessage(absl::string_view body, absl::string_view secret) {
  json::error_code error;
  const json::value document =
      json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !document.is_object()) return "";
  const json::value* kind = document.as_object().if_contains("kind");
  const json::value* message = document.as_object().if_contains("message");
  if (kind == nullptr || *kind != json::value("Status") || message == nullptr ||
      !message->is_string()) {
    return "";
  }
  const std::string text(message->as_string());
  return Printable(absl::StrReplaceAll(text, {{secret, "..."}}), 300);
}

}  // namespace prepull
