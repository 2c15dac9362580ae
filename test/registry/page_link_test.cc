#include "src/registry/page_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

TEST(NextPageTest, ReadsWhatRegistriesWrite) {
  // distribution, Harbor
  EXPECT_THAT(NextPage(R"(</v2/app/tags/list?last=b&n=100>; rel="next")"),
              IsOkAndHolds("/v2/app/tags/list?last=b&n=100"));
  // Artifactory leaves the quotes away.
  EXPECT_THAT(NextPage("<https://r.example/v2/a/tags/list?n=2>;rel=next"),
              IsOkAndHolds("https://r.example/v2/a/tags/list?n=2"));
  EXPECT_THAT(NextPage("<?at=1>; rel='next'"), IsOkAndHolds("?at=1"));
}

TEST(NextPageTest, PicksTheNextOneAmongSeveral) {
  EXPECT_THAT(
      NextPage(R"(</1>; rel="prev", </3>; title="a, <b>; c"; rel="last NEXT")"),
      IsOkAndHolds("/3"));
}

TEST(NextPageTest, ThereMayBeNone) {
  EXPECT_THAT(NextPage(""), IsOkAndHolds(""));
  EXPECT_THAT(NextPage(R"(</1>; rel="prev")"), IsOkAndHolds(""));
  EXPECT_THAT(NextPage(R"(</1>; title="next",)"), IsOkAndHolds(""));
}

TEST(NextPageTest, WhatCannotBeReadIsNoEndOfTheList) {
  for (const char* garbage :
       {"</1; rel=next", "</1>, rel=next", "</1> rel=next", "/1; rel=next",
        "<>; rel=next", "</1>; rel=\"next", "\x01\x02"}) {
    EXPECT_THAT(NextPage(garbage),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("the header Link cannot be read")))
        << garbage;
  }
}

TEST(NextPageTest, EveryHeaderLinkCounts) {
  EXPECT_THAT(NextPage(HttpResponse{.headers = {{"Link", "</1>; rel=prev"},
                                                {"link", "</2>; rel=next"}}}),
              IsOkAndHolds("/2"));
}

}  // namespace
}  // namespace prepull
