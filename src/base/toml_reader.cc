#include "prepull/base/toml_reader.h"

#define TOML_EXCEPTIONS 0
// Where these do not hold, as for "[[\x0e", the library goes on to report an
// error.
#define TOML_ASSERT(holds) static_cast<void>(0)
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// In one line. Each can make the tree deeper by a table, and a tree is freed by
// recursion: without a limit a file could exhaust the stack.
constexpr int kMaxDots = 200;

// Returns the first line, from 1, with more dots than that, or 0.
int LineWithTooManyDots(absl::string_view text) {
  int line = 1;
  int dots = 0;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
    } else if (c == '.' && ++dots > kMaxDots) {
      return line;
    }
  }
  return 0;
}

// Returns `text` with "?" for each byte that is not ASCII: the library's tables
// of Unicode have holes, where what it does is undefined.
std::string InAscii(absl::string_view text) {
  std::string ascii(text);
  std::replace_if(
      ascii.begin(), ascii.end(),
      [](char c) { return !absl::ascii_isascii(c); }, '?');
  return ascii;
}

TomlValue ValueOf(const toml::node& node);

template <typename Nodes>
void AddTable(const Nodes& table, TomlValue& value) {
  for (const auto& [key, item] : table) {
    value.items.push_back(ValueOf(item));
    value.items.back().key = std::string(key.str());
  }
  // The library has them by their keys.
  std::stable_sort(value.items.begin(), value.items.end(),
                   [](const TomlValue& a, const TomlValue& b) {
                     return std::tie(a.line, a.column) <
                            std::tie(b.line, b.column);
                   });
}

TomlValue ValueOf(const toml::node& node) {
  TomlValue value;
  value.line = static_cast<int>(node.source().begin.line);
  value.column = static_cast<int>(node.source().begin.column);
  if (const toml::table* table = node.as_table()) {
    value.kind = TomlValue::Kind::kTable;
    AddTable(*table, value);
  } else if (const toml::array* array = node.as_array()) {
    value.kind = TomlValue::Kind::kArray;
    for (const toml::node& item : *array) value.items.push_back(ValueOf(item));
  } else if (const auto* text = node.as_string()) {
    value.kind = TomlValue::Kind::kString;
    value.text = text->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = TomlValue::Kind::kBoolean;
    value.boolean = boolean->get();
  }
  return value;
}

}  // namespace

const TomlValue* TomlValue::Find(absl::string_view name) const {
  if (kind != Kind::kTable) return nullptr;
  const auto found =
      std::find_if(items.begin(), items.end(),
                   [name](const TomlValue& item) { return item.key == name; });
  return found == items.end() ? nullptr : &*found;
}

absl::StatusOr<TomlDocument> TomlDocument::Parse(absl::string_view text,
                                                 const std::string& name) {
  const int line = LineWithTooManyDots(text);
  if (line > 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, ":", line, ":1: more than ", kMaxDots, " dots in one line"));
  }
  const toml::parse_result parsed =
      toml::parse(InAscii(WithoutByteOrderMark(text)));
  if (!parsed) {
    const toml::source_position where = parsed.error().source().begin;
    return absl::InvalidArgumentError(absl::StrCat(
        name, ":", where.line, ":", where.column, ": invalid TOML: ",
        Printable(std::string(parsed.error().description()), 200)));
  }
  TomlDocument document;
  document.name_ = name;
  document.root_ = ValueOf(parsed.table());
  return document;
}

std::string TomlDocument::LineOf(const TomlValue& value) const {
  return absl::StrCat(name_, ":", value.line);
}

absl::Status TomlDocument::Error(const TomlValue& value,
                                 absl::string_view what) const {
  return absl::InvalidArgumentError(
      absl::StrCat(LineOf(value), ":", value.column, ": ", what));
}

absl::Status TomlDocument::Read(const TomlValue& table, absl::string_view key,
                                std::string& value) const {
  const TomlValue* item = table.Find(key);
  if (item == nullptr) return absl::OkStatus();
  if (item->kind != TomlValue::Kind::kString) {
    return Error(*item, absl::StrCat(key, ": expected a string"));
  }
  value = item->text;
  return absl::OkStatus();
}

absl::Status TomlDocument::Read(const TomlValue& table, absl::string_view key,
                                bool& value) const {
  const TomlValue* item = table.Find(key);
  if (item == nullptr) return absl::OkStatus();
  if (item->kind != TomlValue::Kind::kBoolean) {
    return Error(*item, absl::StrCat(key, ": expected true or false"));
  }
  value = item->boolean;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<const TomlValue*>> TomlDocument::Tables(
    const TomlValue& table, absl::string_view key) const {
  std::vector<const TomlValue*> tables;
  const TomlValue* array = table.Find(key);
  if (array == nullptr) return tables;
  if (array->kind != TomlValue::Kind::kArray) {
    return Error(*array, absl::StrCat(key, ": expected tables [[", key, "]]"));
  }
  for (const TomlValue& item : array->items) {
    if (item.kind != TomlValue::Kind::kTable) {
      return Error(item, absl::StrCat(key, ": expected a table"));
    }
    tables.push_back(&item);
  }
  return tables;
}

}  // namespace prepull
