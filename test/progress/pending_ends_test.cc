#include "prepull/progress/pending_ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Instant EndAt(double seconds) { return Instant(absl::Seconds(seconds)); }

class PendingEndsTest : public ::testing::Test {
 protected:
  PendingEnds::End Named(const std::string& name) {
    return {.image = &image_, .since = EndAt(0), .then = [this, name] {
              settled_.push_back(name);
            }};
  }

  ImageOutcome image_;
  PendingEnds ends_;
  std::vector<std::string> settled_;
};

TEST_F(PendingEndsTest, WaitsForAListThatIsLateEnough) {
  PendingEnds::End end = Named("failed");
  end.list_at = EndAt(0.075);
  ends_.Add(end);

  ends_.OnListed(EndAt(0.05));
  EXPECT_THAT(settled_, IsEmpty());
  EXPECT_EQ(ends_.NextList(), EndAt(0.075));
  ends_.OnListed(EndAt(0.1));

  EXPECT_THAT(settled_, ElementsAre("failed"));
  EXPECT_EQ(ends_.NextList(), Instant::Never());
}

TEST_F(PendingEndsTest, WaitsForBothTheListAndTheSearch) {
  PendingEnds::End end = Named("failed");
  end.list_at = EndAt(0.075);
  end.awaits_search = true;
  ends_.Add(end);

  ends_.OnListed(EndAt(1));
  EXPECT_THAT(settled_, IsEmpty());
  ends_.OnSearched(&image_);

  EXPECT_THAT(settled_, ElementsAre("failed"));
}

TEST_F(PendingEndsTest, WaitsForNothingLongerThanTwoSeconds) {
  PendingEnds::End end = Named("pulled");
  end.awaits_search = true;
  ends_.Add(end);

  ends_.SettleLate(EndAt(1.9));
  EXPECT_THAT(settled_, IsEmpty());
  EXPECT_EQ(ends_.NextLate(), EndAt(2));
  ends_.SettleLate(EndAt(2));

  EXPECT_THAT(settled_, ElementsAre("pulled"));
  EXPECT_EQ(ends_.NextLate(), Instant::Never());
}

TEST_F(PendingEndsTest, SettlesEachOnceAndTheOldestFirst) {
  PendingEnds::End first = Named("first");
  first.awaits_search = true;
  PendingEnds::End second = Named("second");
  second.awaits_search = true;
  ends_.Add(first);
  ends_.Add(second);

  ends_.SettleLate(Instant::Never());
  ends_.OnSearched(&image_);

  EXPECT_THAT(settled_, ElementsAre("first", "second"));
}

TEST_F(PendingEndsTest, WhatIsCalledMayAddAnEnd) {
  PendingEnds::End first = Named("first");
  first.awaits_search = true;
  first.then = [this] {
    PendingEnds::End next = Named("next");
    next.awaits_search = true;
    ends_.Add(next);
  };
  ends_.Add(first);

  ends_.OnSearched(&image_);

  EXPECT_THAT(settled_, IsEmpty());
  EXPECT_THAT(ends_.images(), ElementsAre(&image_));
}

}  // namespace
}  // namespace prepull
