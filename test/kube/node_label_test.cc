#include "prepull/kube/node_label.h"

#include <string>
#include <vector>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;

TEST(NodeLabelTest, HasValuesOfItsOwn) {
  const absl::StatusOr<NodeLabel> label = ParseNodeLabel("example.com/images");

  ASSERT_THAT(label, IsOk());
  EXPECT_EQ(label->key, "example.com/images");
  EXPECT_EQ(ValueAfter(*label, ExitCode::kOk), "succeeded");
  EXPECT_EQ(ValueAfter(*label, ExitCode::kImagesFailed), "failed");
  EXPECT_EQ(ValueAfter(*label, ExitCode::kBadInput), "failed");
  EXPECT_EQ(ValueAfter(*label, ExitCode::kStopped), "incomplete");
  EXPECT_EQ(ValueAfter(*label, ExitCode::kNoRuntime), "failed");
  EXPECT_EQ(ValueAfter(*label, ExitCode::kNodeNotFit), "failed");
}

TEST(NodeLabelTest, TakesOthersInTheirOrder) {
  const absl::StatusOr<NodeLabel> one = ParseNodeLabel("k=yes");
  const absl::StatusOr<NodeLabel> all = ParseNodeLabel("k=yes,no,later");

  ASSERT_THAT(one, IsOk());
  EXPECT_EQ(one->succeeded, "yes");
  EXPECT_EQ(one->failed, "failed");
  ASSERT_THAT(all, IsOk());
  EXPECT_EQ(all->succeeded, "yes");
  EXPECT_EQ(all->failed, "no");
  EXPECT_EQ(all->incomplete, "later");
}

struct Refused {
  std::string text;
  std::string why;
};

TEST(NodeLabelTest, SaysWhatIsWrongWithIt) {
  const std::vector<Refused> rows = {
      {"a b",
       "invalid label key \"a b\": expected [PREFIX/]NAME, NAME of up to 63 "
       "letters, "
       "digits, - _ ."},
      {"k=a/b",
       "invalid label value \"a/b\": expected up to 63 letters, digits, - _ ."},
      {"k=", "\"k=\": empty value"},
      {"k=,no", "\"k=,no\": empty value"},
      {"k=a,b,c,d", "\"k=a,b,c,d\": too many values: expected at most three"},
  };
  for (const Refused& row : rows) {
    EXPECT_THAT(ParseNodeLabel(row.text),
                StatusIs(StatusCode::kInvalidArgument, row.why));
  }
}

struct Sanitising {
  std::string instance;
  std::string name;
};

// image-prefetcher, docs/labels.md
TEST(NodeLabelTest, IsMadeOfTheInstancesName) {
  const std::vector<Sanitising> rows = {
      {"my-images", "my-images"},
      {"My_Images.v1", "My_Images.v1"},
      {"my images / v1", "my-images-v1"},
      {"caf\xC3\xA9 noir", "caf-noir"},
      {"--a--", "a"},
      {" a ", "a"},
      {std::string(62, 'x') + "-y", std::string(62, 'x')},
      {std::string(100, 'x'), std::string(63, 'x')},
      {"", "prefetcher"},
      {" !? ", "prefetcher"},
      {"._-", "prefetcher"},
  };
  for (const Sanitising& row : rows) {
    EXPECT_EQ(AutoLabelKey(row.instance),
              "image-prefetcher.stackrox.io/" + row.name);
  }
}

}  // namespace
}  // namespace prepull
