#include "src/deploy/yaml.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// Words that YAML 1.1 readers such as kubectl's do not read as text.
constexpr std::array<absl::string_view, 9> kWords = {
    "true", "false", "yes", "no", "on", "off", "y", "n", "null"};

bool IsWord(absl::string_view text) {
  const std::string lower = absl::AsciiStrToLower(text);
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

bool IsPlainCharacter(char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("._/@=:-", c);
}

// Whether `text` needs no quotes; conservative.
bool IsPlain(absl::string_view text) {
  absl::string_view begin = text;
  absl::ConsumePrefix(&begin, "--");
  if (begin.empty() || (!absl::ascii_isalpha(begin[0]) && begin[0] != '/')) {
    return false;
  }
  return std::all_of(begin.begin(), begin.end(), IsPlainCharacter) &&
         begin.back() != ':' && !IsWord(begin);
}

// The code point at the front of `text`, which is valid UTF-8, and its
// escaped form.
std::pair<uint32_t, size_t> FirstCodePoint(absl::string_view text) {
  const auto byte = [&text](size_t i) -> uint32_t {
    return static_cast<unsigned char>(text[i]);
  };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint32_t point = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) point = point << 6 | (byte(i) & 0x3F);
  return {point, length};
}

void AppendEscaped(uint32_t point, std::string& out) {
  if (point == '"' || point == '\\') {
    absl::StrAppend(&out, "\\", std::string(1, static_cast<char>(point)));
  } else if (point == '\n') {
    absl::StrAppend(&out, "\\n");
  } else if (point >= 0x20 && point < 0x7F) {
    out.push_back(static_cast<char>(point));
  } else if (point <= 0xFFFF) {
    absl::StrAppendFormat(&out, "\\u%04x", point);
  } else {
    absl::StrAppendFormat(&out, "\\U%08x", point);
  }
}

std::string Quoted(absl::string_view text) {
  assert(IsUtf8(text));
  if (IsPlain(text)) return std::string(text);
  std::string out = "\"";
  while (!text.empty()) {
    const auto [point, length] = FirstCodePoint(text);
    AppendEscaped(point, out);
    text.remove_prefix(length);
  }
  return out + "\"";
}

}  // namespace

Yaml Yaml::Text(absl::string_view text) { return {Kind::kText, text}; }

Yaml Yaml::Block(absl::string_view text) {
  return {text.empty() ? Kind::kText : Kind::kBlock, text};
}

Yaml Yaml::IntOrShare(const std::string& text) {
  int64_t number = 0;
  return absl::SimpleAtoi(text, &number) ? Number(number) : Text(text);
}

Yaml Yaml::Number(int64_t value) { return {Kind::kWord, absl::StrCat(value)}; }

Yaml Yaml::Bool(bool value) { return {Kind::kWord, value ? "true" : "false"}; }

Yaml Yaml::Null() { return {Kind::kWord, "null"}; }

Yaml Yaml::List(std::vector<Yaml> items) {
  Yaml list(Kind::kList, "");
  list.items_ = std::move(items);
  return list;
}

Yaml Yaml::Texts(const std::vector<std::string>& texts) {
  Yaml list = List();
  for (const std::string& text : texts) list.Append(Text(text));
  return list;
}

Yaml& Yaml::Add(absl::string_view key, Yaml value) {
  assert(kind_ == Kind::kMap);
  keys_.emplace_back(key);
  items_.push_back(std::move(value));
  return *this;
}

Yaml& Yaml::Add(absl::string_view key, absl::string_view text) {
  return Add(key, Text(text));
}

Yaml& Yaml::Append(Yaml item) {
  assert(kind_ == Kind::kList);
  items_.push_back(std::move(item));
  return *this;
}

std::string Yaml::Document() const {
  std::string out;
  PrintMap(0, /*is_begun=*/false, out);
  return out;
}

std::string Yaml::Json() const {
  std::string out;
  PrintJson(out);
  return out;
}

void Yaml::PrintJson(std::string& out) const {
  if (kind_ == Kind::kWord) {
    out.append(scalar_);
  } else if (kind_ == Kind::kMap || kind_ == Kind::kList) {
    PrintJsonItems(out);
  } else {
    AppendJsonString(scalar_, out);
  }
}

void Yaml::PrintJsonItems(std::string& out) const {
  const bool is_map = kind_ == Kind::kMap;
  out.push_back(is_map ? '{' : '[');
  for (size_t i = 0; i < items_.size(); ++i) {
    if (i > 0) out.push_back(',');
    if (is_map) {
      AppendJsonString(keys_[i], out);
      out.push_back(':');
    }
    items_[i].PrintJson(out);
  }
  out.push_back(is_map ? '}' : ']');
}

// `is_begun`: the first line is already indented, after a "- ".
void Yaml::PrintMap(size_t indent, bool is_begun, std::string& out) const {
  for (size_t i = 0; i < items_.size(); ++i) {
    if (!is_begun) out.append(indent, ' ');
    is_begun = false;
    absl::StrAppend(&out, Quoted(keys_[i]), ":");
    items_[i].PrintValue(indent, out);
  }
}

// Items are not indented below their key, as in the output of kubectl.
void Yaml::PrintList(size_t indent, std::string& out) const {
  for (const Yaml& item : items_) {
    absl::StrAppend(&out, std::string(indent, ' '), "-");
    if (item.kind_ == Kind::kMap && !item.empty()) {
      out.push_back(' ');
      item.PrintMap(indent + 2, /*is_begun=*/true, out);
    } else {
      item.PrintValue(indent, out);
    }
  }
}

void Yaml::PrintBlock(size_t indent, std::string& out) const {
  absl::string_view text = scalar_;
  // Readers detect the indentation by the first line, unless that begins with
  // blanks or is empty.
  const bool needs_width = absl::StrContains(" \t\n", text[0]);
  const bool is_ended = absl::ConsumeSuffix(&text, "\n");
  const bool keeps_more = is_ended && (text.empty() || text.back() == '\n');
  absl::StrAppend(&out, " |", needs_width ? "2" : "",
                  keeps_more ? "+"
                  : is_ended ? ""
                             : "-",
                  "\n");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!line.empty()) out.append(indent + 2, ' ');
    absl::StrAppend(&out, line, "\n");
  }
}

// Prints what follows "key:" or "-", including the newline.
void Yaml::PrintValue(size_t indent, std::string& out) const {
  if (kind_ == Kind::kBlock) {
    PrintBlock(indent, out);
  } else if (kind_ == Kind::kMap && !empty()) {
    absl::StrAppend(&out, "\n");
    PrintMap(indent + 2, /*is_begun=*/false, out);
  } else if (kind_ == Kind::kList && !empty()) {
    absl::StrAppend(&out, "\n");
    PrintList(indent, out);
  } else {
    absl::StrAppend(&out, " ", Scalar(), "\n");
  }
}

std::string Yaml::Scalar() const {
  if (kind_ == Kind::kMap) return "{}";
  if (kind_ == Kind::kList) return "[]";
  return kind_ == Kind::kWord ? scalar_ : Quoted(scalar_);
}

}  // namespace prepull
