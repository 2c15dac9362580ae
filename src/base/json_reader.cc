#include "prepull/base/json_reader.h"

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

namespace json = boost::json;

absl::string_view FromJson(json::string_view text) {
  return {text.data(), text.size()};
}

json::string_view ToJson(absl::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

bool JsonValue::is_null() const { return exists() && value_->is_null(); }
bool JsonValue::is_object() const { return exists() && value_->is_object(); }
bool JsonValue::is_array() const { return exists() && value_->is_array(); }
bool JsonValue::is_string() const { return exists() && value_->is_string(); }

JsonValue JsonValue::operator[](absl::string_view key) const {
  if (!is_object()) return JsonValue();
  const json::value* member = value_->get_object().if_contains(ToJson(key));
  return member == nullptr ? JsonValue() : JsonValue(*member);
}

std::vector<std::pair<absl::string_view, JsonValue>> JsonValue::members()
    const {
  std::vector<std::pair<absl::string_view, JsonValue>> members;
  if (!is_object()) return members;
  members.reserve(size());
  for (const auto& [key, value] : value_->get_object()) {
    members.emplace_back(FromJson(key), JsonValue(value));
  }
  return members;
}

std::vector<JsonValue> JsonValue::elements() const {
  std::vector<JsonValue> elements;
  if (!is_array()) return elements;
  elements.reserve(size());
  for (const json::value& value : value_->get_array()) {
    elements.emplace_back(value);
  }
  return elements;
}

size_t JsonValue::size() const {
  if (is_object()) return value_->get_object().size();
  return is_array() ? value_->get_array().size() : 0;
}

std::optional<std::string> JsonValue::string() const {
  if (!is_string()) return std::nullopt;
  return std::string(value_->get_string());
}

std::optional<int64_t> JsonValue::integer() const {
  if (!exists() || !value_->is_int64()) return std::nullopt;
  return value_->get_int64();
}

std::optional<double> JsonValue::number() const {
  if (!exists() || !value_->is_number()) return std::nullopt;
  return value_->to_number<double>();
}

std::optional<bool> JsonValue::boolean() const {
  if (!exists() || !value_->is_bool()) return std::nullopt;
  return value_->get_bool();
}

JsonDocument::JsonDocument(std::unique_ptr<const json::value> root)
    : root_(std::move(root)) {}
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

absl::StatusOr<JsonDocument> JsonDocument::Parse(absl::string_view text) {
  json::error_code error;
  auto root =
      std::make_unique<const json::value>(json::parse(ToJson(text), error));
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid JSON: ", error.message()));
  }
  return JsonDocument(std::move(root));
}

absl::StatusOr<JsonDocument> JsonDocument::ParseObject(absl::string_view text) {
  ASSIGN_OR_RETURN(JsonDocument document, Parse(text));
  if (!document.root().is_object()) {
    return absl::InvalidArgumentError("invalid JSON: expected an object");
  }
  return document;
}

JsonFields::JsonFields(JsonValue object, std::string place)
    : object_(object), place_(std::move(place)) {
  if (!object_.is_object()) Expect("", "an object");
}

std::string JsonFields::String(absl::string_view key) {
  const std::optional<std::string> text = object_[key].string();
  if (!text) Expect(key, "a string");
  return text.value_or("");
}

std::string JsonFields::StringOrNull(absl::string_view key) {
  return object_[key].is_null() ? "" : String(key);
}

int64_t JsonFields::Integer(absl::string_view key) {
  const std::optional<int64_t> number = object_[key].integer();
  if (!number) Expect(key, "an integer");
  return number.value_or(0);
}

std::optional<int64_t> JsonFields::IntegerOrNull(absl::string_view key) {
  if (object_[key].is_null()) return std::nullopt;
  return Integer(key);
}

bool JsonFields::Bool(absl::string_view key) {
  const std::optional<bool> value = object_[key].boolean();
  if (!value) Expect(key, "true or false");
  return value.value_or(false);
}

absl::Duration JsonFields::Seconds(absl::string_view key) {
  const std::optional<double> number = object_[key].number();
  if (!number) Expect(key, "a number");
  return absl::Seconds(number.value_or(0));
}

absl::Time JsonFields::Time(absl::string_view key) {
  absl::Time time;
  std::string error;
  // Abseil reads "infinite-future", too.
  if (!absl::ParseTime(absl::RFC3339_full, object_[key].StringOrEmpty(), &time,
                       &error) ||
      time == absl::InfiniteFuture() || time == absl::InfinitePast()) {
    Expect(key, "an RFC 3339 time");
    return absl::Time();
  }
  return time;
}

std::optional<absl::Time> JsonFields::TimeOrNull(absl::string_view key) {
  if (object_[key].is_null()) return std::nullopt;
  return Time(key);
}

std::vector<JsonValue> JsonFields::Array(absl::string_view key) {
  if (!object_[key].is_array()) Expect(key, "an array");
  return object_[key].elements();
}

std::vector<std::string> JsonFields::Strings(absl::string_view key) {
  std::vector<std::string> strings;
  for (const JsonValue element : Array(key)) {
    if (!element.is_string()) Expect(key, "an array of strings");
    strings.push_back(element.StringOrEmpty());
  }
  return strings;
}

JsonValue JsonFields::ObjectOrNull(absl::string_view key) {
  const JsonValue value = object_[key];
  if (value.is_object()) return value;
  if (!value.is_null()) Expect(key, "an object or null");
  return JsonValue();
}

void JsonFields::Expect(absl::string_view key, absl::string_view expected) {
  if (!status_.ok()) return;
  const absl::string_view dot = place_.empty() || key.empty() ? "" : ".";
  status_ = absl::InvalidArgumentError(
      absl::StrCat(place_, dot, key, ": expected ", expected));
}

}  // namespace prepull
