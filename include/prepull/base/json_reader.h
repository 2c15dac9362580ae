// Reads JSON: a document, views of the values in it, and a reader of objects
// whose fields must be there. The one place that knows how to parse JSON into
// memory.
#ifndef PREPULL_BASE_JSON_READER_H_
#define PREPULL_BASE_JSON_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace boost::json {
class value;
}

namespace prepull {

// A view of a value in a JsonDocument, or of nothing: missing members are
// values that do not exist, so that paths need no checks on the way.
class JsonValue {
 public:
  JsonValue() = default;
  explicit JsonValue(const boost::json::value& value) : value_(&value) {}

  bool exists() const { return value_ != nullptr; }
  bool is_null() const;
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;
  // Whether it is null or does not exist.
  bool is_unset() const { return !exists() || is_null(); }

  // Returns the member `key`, which does not exist if this is not an object.
  JsonValue operator[](absl::string_view key) const;

  // Returns the members of an object in their order, else nothing.
  std::vector<std::pair<absl::string_view, JsonValue>> members() const;

  // Returns the elements of an array, else nothing.
  std::vector<JsonValue> elements() const;

  // The number of members or elements.
  size_t size() const;

  // Each returns nothing for a value of another type.
  std::optional<std::string> string() const;
  std::optional<int64_t> integer() const;  // nor for one out of range
  std::optional<double> number() const;
  std::optional<bool> boolean() const;

  // Returns the string, or "" for a value of another type.
  std::string StringOrEmpty() const { return string().value_or(""); }

 private:
  const boost::json::value* value_ = nullptr;
};

// Owns a parsed document; moving it keeps views valid.
class JsonDocument {
 public:
  // Errors: INVALID_ARGUMENT  "invalid JSON: " and why.
  static absl::StatusOr<JsonDocument> Parse(absl::string_view text);

  // Errors: INVALID_ARGUMENT  as Parse, or the document is not an object.
  static absl::StatusOr<JsonDocument> ParseObject(absl::string_view text);

  ~JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;

  JsonValue root() const { return JsonValue(*root_); }
  JsonValue operator[](absl::string_view key) const { return root()[key]; }

 private:
  explicit JsonDocument(std::unique_ptr<const boost::json::value> root);

  std::unique_ptr<const boost::json::value> root_;
};

// Reads the fields of one object. The first field that is missing or of the
// wrong type becomes the error; from then on the values mean nothing.
class JsonFields {
 public:
  // `place` is what messages call `object`: "images[3]", or "" for a document.
  explicit JsonFields(JsonValue object, std::string place = "");

  std::string String(absl::string_view key);
  std::string StringOrNull(absl::string_view key);  // "" for null
  int64_t Integer(absl::string_view key);
  std::optional<int64_t> IntegerOrNull(absl::string_view key);
  bool Bool(absl::string_view key);
  absl::Duration Seconds(absl::string_view key);
  // RFC 3339.
  absl::Time Time(absl::string_view key);
  std::optional<absl::Time> TimeOrNull(absl::string_view key);
  std::vector<JsonValue> Array(absl::string_view key);
  std::vector<std::string> Strings(absl::string_view key);
  // Does not exist for null.
  JsonValue ObjectOrNull(absl::string_view key);

  bool Has(absl::string_view key) const { return object_[key].exists(); }

  // INVALID_ARGUMENT  "images[3].attempts: expected a number".
  const absl::Status& status() const { return status_; }

 private:
  void Expect(absl::string_view key, absl::string_view expected);

  const JsonValue object_;
  const std::string place_;
  absl::Status status_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_JSON_READER_H_
