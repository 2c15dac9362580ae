#include "test/support/kubernetes_api/selector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/label.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

// At the commas outside of parentheses.
std::vector<absl::string_view> SplitRules(absl::string_view text) {
  std::vector<absl::string_view> rules;
  bool is_inside = false;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') is_inside = true;
    if (text[i] == ')') is_inside = false;
    if (text[i] != ',' || is_inside) continue;
    rules.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  rules.push_back(text.substr(begin));
  return rules;
}

}  // namespace

absl::StatusOr<Selector::Rule> Selector::ParseRule(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  Rule rule;
  rule.is_negated = absl::ConsumePrefix(&text, "!");
  const size_t end = text.find_first_of("=! ");
  rule.key = std::string(text.substr(0, end));
  RETURN_IF_ERROR(CheckLabelKey(rule.key));
  text.remove_prefix(std::min(end, text.size()));
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return rule;
  if (rule.is_negated) return absl::InvalidArgumentError("a value behind !");
  if (absl::ConsumePrefix(&text, "!=")) {
    rule.is_negated = true;
    rule.values = {std::string(text)};
  } else if (absl::ConsumePrefix(&text, "==") ||
             absl::ConsumePrefix(&text, "=")) {
    rule.values = {std::string(text)};
  } else {
    rule.is_negated = absl::ConsumePrefix(&text, "notin");
    if (!rule.is_negated && !absl::ConsumePrefix(&text, "in")) {
      return absl::InvalidArgumentError("unknown operator");
    }
    text = absl::StripAsciiWhitespace(text);
    if (!absl::ConsumePrefix(&text, "(") || !absl::ConsumeSuffix(&text, ")")) {
      return absl::InvalidArgumentError("expected parentheses");
    }
    for (const absl::string_view value : absl::StrSplit(text, ',')) {
      rule.values.insert(std::string(absl::StripAsciiWhitespace(value)));
    }
  }
  for (const std::string& value : rule.values) {
    RETURN_IF_ERROR(CheckLabelValue(value));
  }
  return rule;
}

absl::StatusOr<Selector> Selector::Parse(absl::string_view labels,
                                         absl::string_view fields) {
  Selector selector;
  if (!labels.empty()) {
    for (const absl::string_view text : SplitRules(labels)) {
      ASSIGN_OR_RETURN(Rule rule, ParseRule(text));
      selector.rules_.push_back(std::move(rule));
    }
  }
  if (fields.empty()) return selector;
  if (!absl::ConsumePrefix(&fields, "metadata.name=") || fields.empty()) {
    return absl::InvalidArgumentError("field label not supported");
  }
  selector.name_ = std::string(fields);
  return selector;
}

bool Selector::Selects(const std::string& name,
                       const ObjectLabels& labels) const {
  if (!name_.empty() && name != name_) return false;
  return std::all_of(rules_.begin(), rules_.end(), [&labels](const Rule& rule) {
    const auto found = labels.find(rule.key);
    const bool fits =
        found != labels.end() &&
        (rule.values.empty() || rule.values.contains(found->second));
    return fits != rule.is_negated;
  });
}

}  // namespace prepull
