#include "prepull/metrics/attempt_result.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

void AddText(absl::string_view key, const std::string& value,
             JsonWriter& json) {
  if (!value.empty()) json.String(key, value);
}

void AddNumber(absl::string_view key, int64_t value, JsonWriter& json) {
  if (value != 0) json.Integer(key, value);
}

// The fields of an object that may lack each of them.
class OptionalFields {
 public:
  explicit OptionalFields(const JsonDocument& object) : object_(object) {}

  std::string Text(absl::string_view key) {
    const JsonValue value = object_[key];
    if (value.exists() && !value.is_string()) Expect(key, "a string");
    std::string text = value.StringOrEmpty();
    if (!IsUtf8(text)) Expect(key, "UTF-8");
    return text;
  }

  int64_t Number(absl::string_view key) {
    const JsonValue value = object_[key];
    if (value.exists() && !value.integer()) Expect(key, "a number");
    return value.integer().value_or(0);
  }

  const absl::Status& status() const { return status_; }

 private:
  void Expect(absl::string_view key, absl::string_view expected) {
    status_.Update(
        absl::InvalidArgumentError(absl::StrCat(key, ": expected ", expected)));
  }

  const JsonDocument& object_;
  absl::Status status_;
};

}  // namespace

std::string ResultJson(const AttemptResult& result) {
  JsonWriter json;
  json.OpenObject();
  AddText("attempt_id", result.attempt_id, json);
  AddNumber("started_at", result.started_at, json);
  AddText("image", result.image, json);
  AddText("error", result.error, json);
  AddNumber("duration_ms", result.duration_ms, json);
  AddText("node", result.node, json);
  AddNumber("size_bytes", result.size_bytes, json);
  json.CloseObject();
  return json.Take();
}

absl::StatusOr<AttemptResult> ParseResultJson(absl::string_view json) {
  ASSIGN_OR_RETURN(const JsonDocument object, JsonDocument::ParseObject(json));
  OptionalFields fields(object);
  AttemptResult result;
  result.attempt_id = fields.Text("attempt_id");
  result.started_at = fields.Number("started_at");
  result.image = fields.Text("image");
  result.error = fields.Text("error");
  result.duration_ms = fields.Number("duration_ms");
  result.node = fields.Text("node");
  result.size_bytes = fields.Number("size_bytes");
  RETURN_IF_ERROR(fields.status());
  return result;
}

}  // namespace prepull
