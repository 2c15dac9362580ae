// Writes JSON: keys in the given order, 64-bit integers as numbers, null for
// unknown values.
//
// Not a validator: the caller closes what it opens. Text must be valid UTF-8.
#ifndef PREPULL_BASE_JSON_WRITER_H_
#define PREPULL_BASE_JSON_WRITER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

class JsonWriter {
 public:
  // `key` is empty inside arrays and for the outermost value.
  JsonWriter& OpenObject(absl::string_view key = "");
  JsonWriter& CloseObject();
  JsonWriter& OpenArray(absl::string_view key = "");
  JsonWriter& CloseArray();

  JsonWriter& String(absl::string_view key, absl::string_view value);
  JsonWriter& Integer(absl::string_view key, std::optional<int64_t> value);
  // Writes up to three decimals; null for NaN, infinity and absurdly large
  // values.
  JsonWriter& Decimal(absl::string_view key, double value);
  JsonWriter& Bool(absl::string_view key, bool value);
  JsonWriter& Null(absl::string_view key);

  const std::string& text() const { return text_; }
  std::string Take() { return std::move(text_); }
  void Reserve(size_t bytes) { text_.reserve(bytes); }

 private:
  void Key(absl::string_view key);

  std::string text_;
  bool needs_comma_ = false;
};

// Appends `value` as a JSON string, quotes included.
void AppendJsonString(absl::string_view value, std::string& out);

}  // namespace prepull

#endif  // PREPULL_BASE_JSON_WRITER_H_
