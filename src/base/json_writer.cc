#include "prepull/base/json_writer.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace prepull {
namespace {

// Its thousandths still fit 64 bits.
constexpr double kMaxDecimal = 9e15;

}  // namespace

void AppendJsonString(absl::string_view value, std::string& out) {
  out.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void JsonWriter::Key(absl::string_view key) {
  if (needs_comma_) text_.push_back(',');
  needs_comma_ = true;
  if (key.empty()) return;
  AppendJsonString(key, text_);
  text_.push_back(':');
}

JsonWriter& JsonWriter::OpenObject(absl::string_view key) {
  Key(key);
  text_.push_back('{');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::CloseObject() {
  text_.push_back('}');
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::OpenArray(absl::string_view key) {
  Key(key);
  text_.push_back('[');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::CloseArray() {
  text_.push_back(']');
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(absl::string_view key, absl::string_view value) {
  Key(key);
  AppendJsonString(value, text_);
  return *this;
}

JsonWriter& JsonWriter::Integer(absl::string_view key,
                                std::optional<int64_t> value) {
  if (!value) return Null(key);
  Key(key);
  absl::StrAppend(&text_, *value);
  return *this;
}

JsonWriter& JsonWriter::Decimal(absl::string_view key, double value) {
  if (!(std::abs(value) < kMaxDecimal)) return Null(key);
  Key(key);
  const int64_t rounded = std::llround(value * 1000);
  if (rounded < 0) text_.push_back('-');
  const int64_t thousandths = std::abs(rounded);
  absl::StrAppend(&text_, thousandths / 1000);
  std::string fraction = absl::StrFormat("%03d", thousandths % 1000);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) absl::StrAppend(&text_, ".", fraction);
  return *this;
}

JsonWriter& JsonWriter::Bool(absl::string_view key, bool value) {
  Key(key);
  text_.append(value ? "true" : "false");
  return *this;
}

JsonWriter& JsonWriter::Null(absl::string_view key) {
  Key(key);
  text_.append("null");
  return *this;
}

}  // namespace prepull
