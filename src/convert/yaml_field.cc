#include "src/convert/yaml_field.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxItems = 100'000;

}  // namespace

YamlField YamlField::operator[](const std::string& key) const {
  const std::string path = path_.empty() ? key : absl::StrCat(path_, ".", key);
  return is_map() ? YamlField(node_[key], path)
                  : YamlField(YAML::Node(YAML::NodeType::Undefined), path);
}

absl::Status YamlField::Invalid(absl::string_view why) const {
  const int line = node_.IsDefined() ? node_.Mark().line + 1 : 0;
  return absl::InvalidArgumentError(
      absl::StrCat(line > 0 ? absl::StrCat(line, ": ") : "", path_,
                   path_.empty() ? "" : ": ", why));
}

absl::StatusOr<std::string> YamlField::Text() const {
  if (!is_set()) return std::string();
  if (!is_scalar()) return Invalid("expected a text");
  const std::string& text = node_.Scalar();
  if (Printable(text, text.size()) == text) return text;
  return Invalid("a control character, or invalid UTF-8");
}

absl::StatusOr<int64_t> YamlField::Number() const {
  int64_t number = 0;
  if (is_scalar() && absl::SimpleAtoi(node_.Scalar(), &number)) {
    return number;
  }
  return Invalid("expected a number");
}

absl::StatusOr<std::vector<YamlField>> YamlField::Items() const {
  std::vector<YamlField> items;
  if (!is_set()) return items;
  if (!node_.IsSequence()) return Invalid("expected a list");
  if (node_.size() > kMaxItems) {
    return Invalid(absl::StrCat("more than ", kMaxItems, " items"));
  }
  for (size_t i = 0; i < node_.size(); ++i) {
    items.emplace_back(node_[i], absl::StrCat(path_, "[", i, "]"));
  }
  return items;
}

absl::StatusOr<std::vector<std::string>> YamlField::Texts() const {
  ASSIGN_OR_RETURN(const std::vector<YamlField> items, Items());
  std::vector<std::string> texts;
  for (const YamlField& item : items) {
    if (!item.is_scalar()) return item.Invalid("expected a text");
    ASSIGN_OR_RETURN(std::string text, item.Text());
    texts.push_back(std::move(text));
  }
  return texts;
}

absl::StatusOr<std::vector<std::pair<std::string, YamlField>>>
YamlField::Members() const {
  std::vector<std::pair<std::string, YamlField>> members;
  if (!is_set()) return members;
  if (!is_map()) return Invalid("expected a map");
  for (const auto& member : node_) {
    if (!member.first.IsScalar()) return Invalid("expected names as keys");
    const std::string key = Printable(member.first.Scalar(), 256);
    members.emplace_back(
        key, YamlField(member.second, absl::StrCat(path_, ".", key)));
  }
  return members;
}

}  // namespace prepull
