#include "src/controller/label_match.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prepull {
namespace {

struct SelectorRow {
  std::string what;
  LabelSelector selector;
  bool fits;
};

LabelSelector Expressed(const std::string& key, const std::string& op,
                        std::vector<std::string> values = {}) {
  return {.expressions = {{key, op, std::move(values)}}};
}

TEST(LabelMatchTest, FollowsTheRulesOfKubernetes) {
  const LabelMap labels = {{"pool", "gpu"}, {"zone", "a"}, {"empty", ""}};
  for (const SelectorRow& row : std::vector<SelectorRow>{
           {"empty selector", {}, true},
           {"label", {.labels = {{"pool", "gpu"}}}, true},
           {"other value", {.labels = {{"pool", "cpu"}}}, false},
           {"missing label", {.labels = {{"rack", ""}}}, false},
           {"empty value", {.labels = {{"empty", ""}}}, true},
           {"one of two", {.labels = {{"pool", "gpu"}, {"zone", "b"}}}, false},
           {"In", Expressed("zone", "In", {"b", "a"}), true},
           {"In without the label", Expressed("rack", "In", {""}), false},
           {"In nothing", Expressed("zone", "In"), false},
           {"NotIn", Expressed("zone", "NotIn", {"a"}), false},
           {"NotIn without the label", Expressed("rack", "NotIn", {"a"}), true},
           {"Exists", Expressed("empty", "Exists"), true},
           {"Exists without the label", Expressed("rack", "Exists"), false},
           {"DoesNotExist", Expressed("pool", "DoesNotExist"), false},
           {"DoesNotExist without it", Expressed("rack", "DoesNotExist"), true},
           {"unknown operator", Expressed("pool", "Gt", {"1"}), false},
           {"label and expression",
            {.labels = {{"pool", "gpu"}},
            .expressions = {{"zone", "In", {"b"}}}},
            false},
       }) {
    EXPECT_EQ(Fits(row.selector, labels), row.fits) << row.what;
  }
}

}  // namespace
}  // namespace prepull
