#include "prepull/run/reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"

namespace prepull {
namespace {

using ::testing::Optional;

bool IsOneWord(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalpha(c);
  });
}

TEST(ReasonsTest, HaveAWholeRowEach) {
  // The last enumerator, so that none is left out.
  EXPECT_EQ(Reasons().size(), static_cast<size_t>(Reason::kUnknown));
  std::set<Reason> seen;
  for (const ReasonFacts& row : Reasons()) {
    EXPECT_TRUE(seen.insert(row.reason).second) << row.name;
    EXPECT_TRUE(IsOneWord(row.name)) << row.name;
    EXPECT_FALSE(row.meaning.empty()) << row.name;
    EXPECT_FALSE(row.retried.empty()) << row.name;
    EXPECT_FALSE(row.advice.empty()) << row.name;
  }
}

TEST(ReasonsTest, AreFoundByTheirNames) {
  for (const ReasonFacts& row : Reasons()) {
    EXPECT_EQ(ReasonName(row.reason), row.name);
    EXPECT_THAT(ReasonNamed(row.name), Optional(row.reason));
  }
}

TEST(ReasonsTest, HaveNoNameForNone) {
  EXPECT_EQ(ReasonName(Reason::kNone), "");
  EXPECT_THAT(ReasonNamed(""), Optional(Reason::kNone));
}

TEST(ReasonsTest, AreNotFoundByOtherNames) {
  EXPECT_EQ(ReasonNamed("notfound"), std::nullopt);
  EXPECT_EQ(ReasonNamed("NotFoundLater"), std::nullopt);
}

TEST(ReasonWithoutReferenceTest, IsWhyThereIsNoImageToPull) {
  EXPECT_EQ(ReasonWithoutReference(absl::NotFoundError("x")),
            Reason::kNotFound);
  EXPECT_EQ(ReasonWithoutReference(absl::PermissionDeniedError("x")),
            Reason::kUnauthorized);
  EXPECT_EQ(ReasonWithoutReference(absl::UnavailableError("x")),
            Reason::kRegistryUnavailable);
  EXPECT_EQ(ReasonWithoutReference(absl::InvalidArgumentError("x")),
            Reason::kInvalidReference);
  EXPECT_EQ(ReasonWithoutReference(absl::ResourceExhaustedError("x")),
            Reason::kUnknown);
  EXPECT_EQ(ReasonWithoutReference(absl::InternalError("x")), Reason::kUnknown);
}

}  // namespace
}  // namespace prepull
