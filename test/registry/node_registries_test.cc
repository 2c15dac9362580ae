#include "src/registry/node_registries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/registry/registries_conf.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kDigest[] =
    "sha256:0123456789012345678901234567890123456789012345678901234567890123";

NodeRegistries Node(const std::string& conf) {
  NodeRegistries node;
  node.Add(*ParseRegistriesConf(conf, "r.conf"));
  return node;
}

// The names by which `image` is asked for, in order.
std::vector<std::string> Names(const NodeRegistries& node,
                               const std::string& image) {
  std::vector<std::string> names;
  const auto places = node.PlacesOf(*Reference::Parse(image));
  if (!places.ok()) return {std::string(places.status().message())};
  for (const Place& place : *places) {
    names.push_back(place.image.Normalised());
  }
  return names;
}

constexpr char kMirrored[] = R"(
  [[registry]]
  location = "example.com"
  [[registry.mirror]]
  location = "m.example/all"

  [[registry]]
  location = "example.com/foo/bar"
  [[registry.mirror]]
  location = "m.example/bar"
  [[registry.mirror]]
  location = "n.example:5000/n"

  [[registry]]
  prefix = "a.example/x"
  location = "b.example/y/z"

  [[registry]]
  location = "docker.io/library"
  [[registry.mirror]]
  location = "m.example/hub"
)";

struct NamesRow {
  const char* image;
  std::vector<std::string> names;
};

TEST(NodeRegistriesTest, TheLongestPrefixSaysWhereToAsk) {
  const NodeRegistries node = Node(kMirrored);
  const std::vector<NamesRow> rows = {
      {"other.example/a:1", {"other.example/a:1"}},
      {"example.com/a:1", {"m.example/all/a:1", "example.com/a:1"}},
      // As the engines do it: a name stands for all its ports.
      {"example.com:80/a:1",
       {"r.conf:2: location \"m.example/all\": makes no valid name of "
        "example.com:80/a"}},
      {"example.com.org/a:1", {"example.com.org/a:1"}},
      {"example.com/foo/bar:1",
       {"m.example/bar:1", "n.example:5000/n:1", "example.com/foo/bar:1"}},
      {"example.com/foo/bar/c:1",
       {"m.example/bar/c:1", "n.example:5000/n/c:1",
        "example.com/foo/bar/c:1"}},
      {"example.com/foo/barge:1",
       {"m.example/all/foo/barge:1", "example.com/foo/barge:1"}},
      {"a.example/x/app:1", {"b.example/y/z/app:1"}},
      {"busybox",
       {"m.example/hub/busybox:latest", "docker.io/library/busybox:latest"}},
      {"docker.io/team/app:1", {"docker.io/team/app:1"}},
  };
  for (const NamesRow& row : rows) {
    EXPECT_EQ(Names(node, row.image), row.names) << row.image;
  }
}

TEST(NodeRegistriesTest, AWildcardStandsForAnySubdomains) {
  const NodeRegistries node = Node(R"(
    [[registry]]
    prefix = "*.example.com"
    [[registry.mirror]]
    location = "m.example"
    [[registry]]
    location = "a.b.example.com"
    [[registry.mirror]]
    location = "n.example"
    [[registry]]
    prefix = "*.example.org"
    location = "o.example/org")");

  EXPECT_THAT(Names(node, "b.example.com/x:1"),
              ElementsAre("m.example/x:1", "b.example.com/x:1"));
  EXPECT_THAT(Names(node, "c.b.example.com:80/x:1"),
              ElementsAre("m.example:80/x:1", "c.b.example.com:80/x:1"));
  EXPECT_THAT(Names(node, "a.b.example.com/x:1"),
              ElementsAre("n.example/x:1", "a.b.example.com/x:1"));
  EXPECT_THAT(Names(node, "example.com/x:1"), ElementsAre("example.com/x:1"));
  EXPECT_THAT(Names(node, "bexample.com/x:1"), ElementsAre("bexample.com/x:1"));
  EXPECT_THAT(Names(node, "z.example.org/x:1"),
              ElementsAre("o.example/org/x:1"));
}

TEST(NodeRegistriesTest, MirrorsAreForDigestsOrTagsAsTheySay) {
  const NodeRegistries node = Node(R"(
    [[registry]]
    location = "r.example"
    [[registry.mirror]]
    location = "d.example"
    pull-from-mirror = "digest-only"
    [[registry.mirror]]
    location = "t.example"
    pull-from-mirror = "tag-only")");
  const std::string by_digest = absl::StrCat("@", kDigest);

  EXPECT_THAT(Names(node, "r.example/a:1"),
              ElementsAre("t.example/a:1", "r.example/a:1"));
  EXPECT_THAT(Names(node, absl::StrCat("r.example/a:1", by_digest)),
              ElementsAre(absl::StrCat("d.example/a", by_digest),
                          absl::StrCat("r.example/a", by_digest)));
  EXPECT_EQ(node.MirrorsLeftOut(*Reference::Parse("r.example/a:1")),
            "r.conf:2");
  EXPECT_EQ(node.MirrorsLeftOut(*Reference::Parse("other.example/a:1")), "");
}

TEST(NodeRegistriesTest, WhatIsBlockedIsNotAsked) {
  const NodeRegistries node = Node(R"(
    [[registry]]
    location = "r.example"
    blocked = true
    [[registry]]
    location = "s.example"
    blocked = true
    [[registry.mirror]]
    location = "r.example/s"
    [[registry.mirror]]
    location = "m.example/s"
    [[registry]]
    prefix = "t.example"
    location = "r.example/t")");

  EXPECT_THAT(node.PlacesOf(*Reference::Parse("r.example/a:1")),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "r.example/a: blocked by r.conf:2"));
  EXPECT_THAT(Names(node, "s.example/a:1"), ElementsAre("m.example/s/a:1"));
  EXPECT_THAT(Names(node, "t.example/a:1"),
              ElementsAre("t.example/a: blocked by r.conf:12"));
}

// As the place of the user's own mirror.
TEST(NodeRegistriesTest, WhatHoldsForAnotherHostIsNoTrustInThisOne) {
  const NodeRegistries node = Node(R"(
    [[registry]]
    prefix = "r.example"
    location = "cache.example/r"
    insecure = true
    [[registry]]
    prefix = "s.example"
    location = "s.example/path"
    insecure = true)");

  const Place elsewhere = node.PlaceOf(*Reference::Parse("r.example/a:1"));
  EXPECT_FALSE(elsewhere.may_be_plain);
  EXPECT_FALSE(elsewhere.accepts_any_certificate);
  const Place here = node.PlaceOf(*Reference::Parse("s.example/a:1"));
  EXPECT_TRUE(here.may_be_plain);
  EXPECT_TRUE(here.accepts_any_certificate);
}

TEST(NodeRegistriesTest, ALocationThatMakesNoNameIsAnError) {
  const NodeRegistries node = Node(R"(
    [[registry]]
    location = "r.example"
    [[registry.mirror]]
    location = "mirror"
    [[registry]]
    prefix = "s.example"
    location = "S.EXAMPLE/Path")");

  EXPECT_THAT(Names(node, "r.example/a:1"),
              ElementsAre("r.conf:2: location \"mirror\": makes no valid name "
                          "of r.example/a"));
  EXPECT_THAT(Names(node, "s.example/a:1"),
              ElementsAre(HasSubstr("S.EXAMPLE/Path")));
}

TEST(NodeRegistriesTest, ALaterFileReplacesTheRuleOfAPrefix) {
  NodeRegistries node = Node(R"(
    [[registry]]
    location = "r.example"
    blocked = true
    [[registry]]
    location = "s.example"
    [[registry.mirror]]
    location = "m.example")");
  node.Add(*ParseRegistriesConf(R"(
    [[registry]]
    prefix = "r.example"
    location = "first.example"
    [[registry]]
    prefix = "r.example"
    location = "second.example")",
                                "later.conf"));

  EXPECT_THAT(Names(node, "r.example/a:1"), ElementsAre("first.example/a:1"));
  EXPECT_THAT(Names(node, "s.example/a:1"),
              ElementsAre("m.example/a:1", "s.example/a:1"));
}

TEST(NodeRegistriesTest, APlaceIsTrustedAsItsOwnRegistryIs) {
  NodeRegistries node = Node(R"(
    [[registry]]
    location = "r.example"
    insecure = true
    [[registry.mirror]]
    location = "m.example:5000/r")");
  node.Trust("m.example:5000", {"/m/a.crt", "PEM a"});
  node.Trust("m.example:5000", {"/m/b.crt", "PEM b"});

  const auto places = node.PlacesOf(*Reference::Parse("r.example/a:1"));

  ASSERT_THAT(places, IsOk());
  const Place& mirror = places->front();
  EXPECT_FALSE(mirror.accepts_any_certificate);
  EXPECT_THAT(mirror.ca, ElementsAre(CaFile{"/m/a.crt", "PEM a"},
                                     CaFile{"/m/b.crt", "PEM b"}));
  const Place& own = places->back();
  EXPECT_TRUE(own.accepts_any_certificate);
  EXPECT_TRUE(own.may_be_plain);
  EXPECT_THAT(own.ca, IsEmpty());
  const Place alone = node.PlaceOf(*Reference::Parse("r.example/a:1"));
  EXPECT_TRUE(alone.accepts_any_certificate);
}

}  // namespace
}  // namespace prepull
