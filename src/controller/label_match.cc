#include "src/controller/label_match.h"

#include <algorithm>

namespace prepull {
namespace {

bool FitsExpression(const LabelSelector::Expression& expression,
                    const LabelMap& labels) {
  const auto found = labels.find(expression.key);
  const bool exists = found != labels.end();
  if (expression.op == "Exists") return exists;
  if (expression.op == "DoesNotExist") return !exists;
  const bool is_in =
      exists && std::find(expression.values.begin(), expression.values.end(),
                          found->second) != expression.values.end();
  if (expression.op == "In") return is_in;
  // Also of a node that has no such label.
  if (expression.op == "NotIn") return !is_in;
  return false;
}

}  // namespace

bool Fits(const LabelSelector& selector, const LabelMap& labels) {
  const auto has = [&labels](const Label& label) {
    const auto found = labels.find(label.key);
    return found != labels.end() && found->second == label.value;
  };
  return std::all_of(selector.labels.begin(), selector.labels.end(), has) &&
         std::all_of(selector.expressions.begin(), selector.expressions.end(),
                     [&labels](const LabelSelector::Expression& each) {
                       return FitsExpression(each, labels);
                     });
}

}  // namespace prepull
