#include "prepull/base/label.h"

#include <string>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;

TEST(LabelTest, TakesTheKeysThatKubernetesTakes) {
  for (const std::string& key :
       {std::string("a"), std::string("A-b_c.9"), std::string(63, 'x'),
        std::string("example.com/Name"),
        std::string(253, 'x') + "/" + std::string(63, 'x')}) {
    EXPECT_THAT(CheckLabelKey(key), IsOk());
  }
}

TEST(LabelTest, RefusesOtherKeys) {
  for (const std::string& key :
       {std::string(), std::string("/a"), std::string("a/"),
        std::string("a/b/c"), std::string("-a"), std::string("a."),
        std::string("a b"), std::string("Example.com/a"), std::string("a_b/c"),
        std::string("a..b/c"), std::string(64, 'x'),
        std::string(254, 'x') + "/a"}) {
    EXPECT_THAT(CheckLabelKey(key), StatusIs(StatusCode::kInvalidArgument))
        << key;
  }
  EXPECT_THAT(
      CheckLabelKey("a b"),
      StatusIs(StatusCode::kInvalidArgument,
               "invalid label key \"a b\": expected [PREFIX/]NAME, NAME of up "
               "to 63 letters, digits, - _ ."));
}

TEST(LabelTest, TakesTheValuesThatKubernetesTakes) {
  EXPECT_THAT(CheckLabelValue(""), IsOk());
  EXPECT_THAT(CheckLabelValue("v1.2_3-x"), IsOk());
  EXPECT_THAT(
      CheckLabelValue("a/b"),
      StatusIs(StatusCode::kInvalidArgument,
               "invalid label value \"a/b\": expected up to 63 letters, "
               "digits, - _ ."));
  EXPECT_THAT(CheckLabelValue(std::string(64, 'x')),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST(LabelTest, KnowsTheNamesOfNodes) {
  EXPECT_TRUE(IsDnsSubdomain("ip-10-0-0-1.ec2.internal"));
  EXPECT_FALSE(IsDnsSubdomain("Worker-1"));
  EXPECT_FALSE(IsDnsSubdomain("../pods"));
  EXPECT_FALSE(IsDnsSubdomain(""));
}

}  // namespace
}  // namespace prepull
