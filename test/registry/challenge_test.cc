#include "src/registry/challenge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Parameters = std::map<std::string, std::string>;

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

}  // namespace
}  // namespace prepull
