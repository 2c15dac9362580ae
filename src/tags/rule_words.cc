#include "src/tags/rule_words.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr uint32_t kMostCount = 1000000;

enum Orders : uint8_t { kSemver = 1, kRegex = 2, kRubin = 4, kAny = 7 };

struct Key {
  absl::string_view text = "";  // the whole word, or up to ':' or '='
  uint8_t orders = kAny;        // those it has something to say to
  bool may_repeat = false;
};

// The three orders stand first.
constexpr Key kRuleKeys[] = {{"semver:", kSemver},
                             {"regex:", kRegex},
                             {"rubin", kRubin},
                             {"newest:", kSemver | kRegex},
                             {"prerelease", kSemver},
                             {"exclude:", kAny, true},
                             {"variants=", kSemver | kRubin},
                             {"releases=", kRubin},
                             {"candidates=", kRubin},
                             {"weeklies=", kRubin},
                             {"dailies=", kRubin},
                             {"cycle=", kRubin},
                             {"recommended=", kRubin},
                             {"alias=", kRubin, true}};
constexpr absl::Span<const Key> kOrders(kRuleKeys, 3);

bool TakesValue(const Key& key) {
  return key.text.back() == ':' || key.text.back() == '=';
}

bool Fits(const Key& key, absl::string_view word) {
  return TakesValue(key) ? absl::StartsWith(word, key.text) : word == key.text;
}

std::string Names(absl::Span<const Key> keys) {
  return absl::StrJoin(keys, ", ", [](std::string* out, const Key& key) {
    absl::StrAppend(out, key.text);
  });
}

std::string OrdersOf(const Key& key) {
  std::vector<Key> orders;
  std::copy_if(kOrders.begin(), kOrders.end(), std::back_inserter(orders),
               [&](const Key& order) { return order.orders & key.orders; });
  return absl::StrJoin(orders, " or ", [](std::string* out, const Key& order) {
    absl::StrAppend(out, order.text);
  });
}

}  // namespace

absl::Status WrongWord(absl::string_view word, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(WithoutUrlSecrets(word), 128), "\" ", why));
}

absl::StatusOr<RuleWords> RuleWords::Parse(
    const std::vector<absl::string_view>& words) {
  RuleWords rule;
  for (const absl::string_view word : words) RETURN_IF_ERROR(rule.Add(word));
  uint8_t orders = 0;
  for (const Key& order : kOrders) {
    if (!rule.Has(order.text)) continue;
    if (orders != 0) return WrongWord(order.text, "is a second order");
    orders = order.orders;
  }
  if (orders == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("names no order: ", Names(kOrders)));
  }
  for (const Key& key : kRuleKeys) {
    if (rule.Has(key.text) && (key.orders & orders) == 0) {
      return WrongWord(key.text, absl::StrCat("goes with ", OrdersOf(key)));
    }
  }
  return rule;
}

absl::Status RuleWords::Add(absl::string_view word) {
  const Key* key =
      std::find_if(std::begin(kRuleKeys), std::end(kRuleKeys),
                   [word](const Key& each) { return Fits(each, word); });
  if (key == std::end(kRuleKeys)) {
    return WrongWord(word,
                     absl::StrCat("is no word of a rule: ", Names(kRuleKeys)));
  }
  std::vector<absl::string_view>& values = values_[key->text];
  if (!values.empty() && !key->may_repeat) {
    return WrongWord(word, "is said a second time");
  }
  values.push_back(word.substr(key->text.size()));
  if (values.back().empty() && TakesValue(*key)) {
    return WrongWord(word, "lacks its value");
  }
  return absl::OkStatus();
}

std::vector<absl::string_view> RuleWords::Values(absl::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::vector<absl::string_view>()
                                : found->second;
}

absl::string_view RuleWords::Value(absl::string_view key) const {
  const std::vector<absl::string_view> values = Values(key);
  return values.empty() ? "" : values.front();
}

absl::StatusOr<uint32_t> RuleWords::Count(absl::string_view key, uint32_t least,
                                          uint32_t otherwise) const {
  if (!Has(key)) return otherwise;
  uint32_t count = 0;
  if (!absl::SimpleAtoi(Value(key), &count) || count < least ||
      count > kMostCount) {
    return WrongWord(
        absl::StrCat(key, Value(key)),
        absl::StrCat("needs a number from ", least, " to ", kMostCount));
  }
  return count;
}

}  // namespace prepull
