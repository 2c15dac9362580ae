#include "src/kube/api_message.h"

#include "absl/strings/str_replace.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/text.h"

namespace prepull {

std::string ApiMessage(absl::string_view body, absl::string_view secret) {
  const absl::StatusOr<JsonDocument> status = JsonDocument::Parse(body);
  if (!status.ok() || (*status)["kind"].StringOrEmpty() != "Status") return "";
  const std::string message = (*status)["message"].StringOrEmpty();
  return Printable(absl::StrReplaceAll(message, {{secret, "..."}}), 300);
}

}  // namespace prepull
