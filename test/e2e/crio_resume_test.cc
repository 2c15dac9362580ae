// The fake CRI-O's rule for a connection that broke, as far as it takes longer
// than a test may.
#include <gtest/gtest.h>

#include "test/support/crio/resume_rule.h"

namespace prepull {
namespace {

constexpr int64_t kMebibyte = 1 << 20;

TEST(ResumeRuleTest, AllowsTheFirst) {
  EXPECT_TRUE(ResumeRule().Allows(0, Instant()));
}

TEST(ResumeRuleTest, AllowsAnotherAfterAMebibyte) {
  ResumeRule rule;
  rule.Continued(1000, Instant());

  EXPECT_FALSE(rule.Allows(1000 + kMebibyte - 1, Instant()));
  EXPECT_TRUE(rule.Allows(1000 + kMebibyte, Instant()));
}

TEST(ResumeRuleTest, AllowsAnotherAfterAMinute) {
  ResumeRule rule;
  const Instant last = Instant() + absl::Hours(1);
  rule.Continued(1000, last);

  EXPECT_FALSE(rule.Allows(1001, last + absl::Milliseconds(59'999)));
  EXPECT_TRUE(rule.Allows(1001, last + absl::Seconds(60)));
}

TEST(ResumeRuleTest, CountsFromTheLastTime) {
  ResumeRule rule;
  rule.Continued(1000, Instant());
  rule.Continued(1000 + kMebibyte, Instant());

  EXPECT_FALSE(rule.Allows(1001 + kMebibyte, Instant()));
}

}  // namespace
}  // namespace prepull
