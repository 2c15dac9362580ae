#include "prepull/http/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Parameters = std::map<std::string, std::string>;

TEST(IsHttpTokenTest, TakesNamesOfMethodsAndHeaders) {
  EXPECT_TRUE(IsHttpToken("GET"));
  EXPECT_TRUE(IsHttpToken("X-Custom_1!"));
  for (const char* text : {"", "a b", "a:", "a\r\n", "\xc3\xa4", "(a)"}) {
    EXPECT_FALSE(IsHttpToken(text)) << text;
  }
}

TEST(RetryAfterTest, ReadsSecondsAndNoDate) {
  const auto after = [](const std::string& value) {
    return RetryAfter({.headers = {{"retry-after", value}}});
  };

  EXPECT_EQ(after("7"), absl::Seconds(7));
  EXPECT_EQ(after("-7"), absl::ZeroDuration());
  EXPECT_EQ(after("Fri, 31 Dec 1999 23:59:59 GMT"), absl::ZeroDuration());
  EXPECT_EQ(RetryAfter({}), absl::ZeroDuration());
}

TEST(ParseChallengesTest, ReadsWhatATokenServerIsAskedWith) {
  EXPECT_THAT(
      ParseChallenges(
          R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull,push")"),
      ElementsAre(FieldsAre(
          "bearer",
          Parameters{{"realm", "https://auth.docker.io/token"},
                     {"service", "registry.docker.io"},
                     {"scope", "repository:samalba/my-app:pull,push"}})));
}

TEST(ParseChallengesTest, ARealmMayHoldAQueryAndEscapes) {
  EXPECT_THAT(ParseChallenges(R"(BEARER Realm = "https://a/t?x=\"1\"&y=2")"),
              ElementsAre(FieldsAre(
                  "bearer", Parameters{{"realm", "https://a/t?x=\"1\"&y=2"}})));
}

TEST(ParseChallengesTest, ReadsSeveralInOneHeader) {
  EXPECT_THAT(
      ParseChallenges("Negotiate, Basic realm=plain , Bearer realm=\"x\""),
      ElementsAre(FieldsAre("negotiate", IsEmpty()),
                  FieldsAre("basic", Parameters{{"realm", "plain"}}),
                  FieldsAre("bearer", Parameters{{"realm", "x"}})));
}

TEST(ParseChallengesTest, OfTwoParametersOfOneNameTheFirstCounts) {
  EXPECT_THAT(ParseChallenges(R"(Bearer realm="a",realm="b")"),
              ElementsAre(FieldsAre("bearer", Parameters{{"realm", "a"}})));
}

TEST(ParseChallengesTest, WhatCannotBeReadEndsTheList) {
  EXPECT_THAT(ParseChallenges(""), IsEmpty());
  EXPECT_THAT(ParseChallenges(",,, ,"), IsEmpty());
  EXPECT_THAT(ParseChallenges("realm=\"lost\""), IsEmpty());
  EXPECT_THAT(ParseChallenges("Basic realm=\"open"), SizeIs(1));
  EXPECT_THAT(ParseChallenges("Basic \x01"), SizeIs(1));
  EXPECT_THAT(ParseChallenges(R"(Basic realm="\)"), SizeIs(1));
}

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
    EXPECT_THAT(NextPage(garbage), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("invalid header Link")))
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
