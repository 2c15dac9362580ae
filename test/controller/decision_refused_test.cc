// What a decision says of a Prepull that cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/controller/decision.h"
#include "test/controller/decision_fixture.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using RefusedPrepullTest = DecisionTest;

TEST_F(RefusedPrepullTest, ARefusedSpecSaysWhy) {
  AddNodes(1);
  prepull.spec = absl::InvalidArgumentError("spec.waves[1]: expected a number");

  const Decision decision = Settle();

  EXPECT_EQ(prepull.status.phase, "Failed");
  EXPECT_EQ(decision.status.message, "spec.waves[1]: expected a number");
  EXPECT_TRUE(IsTrue("Finished"));
  EXPECT_FALSE(IsTrue("Resolved"));
  EXPECT_EQ(prepull.status.Find("Resolved")->reason, "InvalidSpec");
  EXPECT_THAT(decision.jobs, IsEmpty());
  EXPECT_THAT(decision.lists, IsEmpty());
}

struct RefusedList {
  std::string what;
  std::vector<std::string> images;
  std::vector<std::string> secrets;
  std::string message;
};

TEST_F(RefusedPrepullTest, AListThatCannotBeSaysWhy) {
  std::vector<std::string> large;
  for (int i = 0; i < 6000; ++i) {
    large.push_back(absl::StrCat("quay.io/", std::string(200, 'a'), i, ":1"));
  }
  for (const RefusedList& row : std::vector<RefusedList>{
           {"secret", {"a"}, {"admin"}, "Secret \"admin\": not among"},
           {"secret of a line", {"a secret=admin"}, {}, "Secret \"admin\""},
           {"malformed", {"a", "B b"}, {}, "spec.images[1]: "},
           {"comments", {"# a"}, {}, "spec.images: they are all comments"},
           {"too large", large, {}, "ConfigMap"},
       }) {
    DecidedPrepull refused;
    refused.AddNodes(1);
    refused.prepull.spec->images = row.images;
    refused.prepull.spec->image_secrets = row.secrets;
    const Decision decision = refused.Settle();
    EXPECT_EQ(decision.status.phase, "Failed") << row.what;
    EXPECT_THAT(decision.status.message, HasSubstr(row.message)) << row.what;
    EXPECT_EQ(refused.prepull.status.Find("Resolved")->reason, "InvalidList");
    EXPECT_TRUE(refused.IsTrue("Finished")) << row.what;
    EXPECT_THAT(decision.jobs, IsEmpty()) << row.what;
    EXPECT_THAT(decision.lists, IsEmpty()) << row.what;
  }
}

TEST_F(RefusedPrepullTest, ADiskThatPodsDoNotSeeIsNotChecked) {
  AddNodes(1);
  prepull.spec->check_items = {"mem", "disk"};
  rules.is_blind_to_disk = true;
  EXPECT_THAT(Settle().status.message, HasSubstr("--storage-dir"));

  prepull.spec->check_items = {"mem"};
  prepull.spec->space_required = "35GiB";
  EXPECT_EQ(Settle().status.phase, "Failed");

  prepull.spec->space_required = "";
  EXPECT_NE(Settle().status.phase, "Failed");
}

TEST_F(RefusedPrepullTest, AListThatIsMendedIsPulled) {
  AddNodes(1);
  prepull.spec->images = {"B b"};
  Settle();

  prepull.spec->images = {"quay.io/a:1"};
  Edit();
  RunToTheEnd(0);

  EXPECT_EQ(prepull.status.phase, "Succeeded");
}

}  // namespace
}  // namespace prepull
