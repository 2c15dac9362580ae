#include "src/registry/page_link.h"

#include <gtest/gtest.h>

namespace prepull {
namespace {

TEST(NextPageTest, ReadsWhatRegistriesWrite) {
  // distribution, Harbor
  EXPECT_EQ(NextPage(R"(</v2/app/tags/list?last=b&n=100>; rel="next")"),
            "/v2/app/tags/list?last=b&n=100");
  // Artifactory leaves the quotes away.
  EXPECT_EQ(NextPage("<https://r.example/v2/a/tags/list?n=2>;rel=next"),
            "https://r.example/v2/a/tags/list?n=2");
}

TEST(NextPageTest, PicksTheNextOneAmongSeveral) {
  EXPECT_EQ(
      NextPage(R"(</1>; rel="prev", </3>; title="a, <b>; c"; rel="last NEXT")"),
      "/3");
}

TEST(NextPageTest, ThereMayBeNone) {
  EXPECT_EQ(NextPage(""), "");
  EXPECT_EQ(NextPage(R"(</1>; rel="prev")"), "");
  EXPECT_EQ(NextPage(R"(</1>; title="next")"), "");
  EXPECT_EQ(NextPage("</1; rel=next"), "");
  EXPECT_EQ(NextPage("</1>, rel=next"), "");
}

}  // namespace
}  // namespace prepull
