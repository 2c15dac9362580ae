#include "src/registry/registries_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// As OpenShift renders an ImageDigestMirrorSet whose source is never contacted.
constexpr char kRendered[] = R"(
unqualified-search-registries = ["registry.access.redhat.com", "docker.io"]
short-name-mode = ""

[[registry]]
  prefix = ""
  location = "quay.io/ocp/release/"
  blocked = true

  [[registry.mirror]]
    location = "mirror.example:8443/ocp/release"
    pull-from-mirror = "digest-only"

  [[registry.mirror]]
    location = "other.example/ocp"
    insecure = true
    pull-from-mirror = "tag-only"
)";

TEST(RegistriesConfTest, MirrorsAreReadInOrder) {
  const auto rules = ParseRegistriesConf(kRendered, "r.conf");

  ASSERT_THAT(rules, IsOk());
  ASSERT_THAT(*rules, SizeIs(1));
  const RegistryRule& rule = rules->front();
  EXPECT_EQ(rule.prefix, "quay.io/ocp/release");
  EXPECT_EQ(rule.own.location, "quay.io/ocp/release");
  EXPECT_EQ(rule.origin, "r.conf:5");
  EXPECT_TRUE(rule.is_blocked);
  ASSERT_THAT(rule.mirrors, SizeIs(2));
  EXPECT_EQ(rule.mirrors[0].location, "mirror.example:8443/ocp/release");
  EXPECT_EQ(rule.mirrors[0].pull_by, PullBy::kDigest);
  EXPECT_FALSE(rule.mirrors[0].may_be_plain);
  EXPECT_EQ(rule.mirrors[1].pull_by, PullBy::kTag);
  EXPECT_TRUE(rule.mirrors[1].may_be_plain);
  EXPECT_TRUE(rule.mirrors[1].accepts_any_certificate);
}

TEST(RegistriesConfTest, MirrorByDigestOnlyIsForAllMirrors) {
  const auto rules = ParseRegistriesConf(R"(
    [[registry]]
    prefix = "*.example.com"
    mirror-by-digest-only = true
    mirror = [{location = "m.example"}, {location = "n.example"}])",
                                         "r.conf");

  ASSERT_THAT(rules, IsOk());
  EXPECT_EQ(rules->front().own.location, "");
  ASSERT_THAT(rules->front().mirrors, SizeIs(2));
  EXPECT_EQ(rules->front().mirrors[0].pull_by, PullBy::kDigest);
  EXPECT_EQ(rules->front().mirrors[1].pull_by, PullBy::kDigest);
}

TEST(RegistriesConfTest, AFileWithoutRegistriesHasNoRules) {
  for (const char* text :
       {"", "# nothing\n", "unqualified-search-registries = ['a.example']",
        "[aliases]\n\"busybox\" = \"docker.io/library/busybox\"\n"}) {
    EXPECT_THAT(ParseRegistriesConf(text, "r.conf"), IsOkAndHolds(IsEmpty()))
        << text;
  }
}

struct BadConf {
  const char* text;
  const char* error;
};

// Each is one with which the engines do not start, but for the last: their
// documentation calls that format deprecated.
const BadConf kBadConfs[] = {
    {"[[registry]]\nlocation = ",
     "r.conf:2:12: invalid TOML: Error while "
     "parsing key-value pair: encountered "
     "end-of-file"},
    {"registry = 1", "r.conf:1:12: registry: expected tables [[registry]]"},
    {"registry = [1]", "r.conf:1:13: registry: expected a table"},
    {"[[registry]]\n", "r.conf:1:1: registry: expected a location"},
    {"[[registry]]\nprefix = 'a.example'",
     "r.conf:1:1: registry: expected a location"},
    {"[[registry]]\nlocation = 1", "r.conf:2:12: location: expected a string"},
    {"[[registry]]\nlocation = 'http://a.example'",
     "r.conf:2:12: location \"http://a.example\": expected no https://"},
    {"[[registry]]\nlocation = 'a'\nprefix = 'https://a'",
     "r.conf:3:10: prefix \"https://a\": expected no https://"},
    {"[[registry]]\nprefix = '*.a.example/b'",
     "r.conf:1:1: prefix \"*.a.example/b\": expected \"*.DOMAIN\""},
    {"[[registry]]\nlocation = 'a'\nblocked = 'yes'",
     "r.conf:3:11: blocked: expected true or false"},
    {"[[registry]]\nlocation = 'a'\ninsecure = 0",
     "r.conf:3:12: insecure: expected true or false"},
    {"[[registry]]\nlocation = 'a'\npull-from-mirror = 'all'",
     "r.conf:3:20: pull-from-mirror: expected in a mirror only"},
    {"[[registry]]\nlocation = 'a'\n[[registry.mirror]]\ninsecure = true",
     "r.conf:3:1: mirror: expected a location"},
    {"[[registry]]\nlocation = 'a'\n[[registry.mirror]]\nlocation = 'm'\n"
     "pull-from-mirror = 'never'",
     "r.conf:5:20: pull-from-mirror \"never\": expected all, digest-only or "
     "tag-only"},
    {"[[registry]]\nlocation = 'a'\nmirror-by-digest-only = true\n"
     "[[registry.mirror]]\nlocation = 'm'\npull-from-mirror = 'all'",
     "r.conf:6:20: pull-from-mirror: stands beside mirror-by-digest-only"},
    {"[[registry]]\nlocation = 'a'\n[[registry]]\nprefix = 'b'\n"
     "location = 'a'\ninsecure = true",
     "r.conf:3:1: location \"a\": expected the same insecure as in r.conf:1"},
    {"[[registry]]\nlocation = 'a'\n[[registry]]\nprefix = 'b'\n"
     "location = 'a'\nblocked = true",
     "r.conf:3:1: location \"a\": expected the same blocked as in r.conf:1"},
    {"[registries.search]\nregistries = ['a.example']",
     "r.conf:1:1: version 1 of the format: expected tables [[registry]]"},
};

TEST(RegistriesConfTest, ABrokenFileIsToldByItsPlace) {
  for (const BadConf& bad : kBadConfs) {
    EXPECT_THAT(ParseRegistriesConf(bad.text, "r.conf"),
                StatusIs(absl::StatusCode::kInvalidArgument, bad.error))
        << bad.text;
  }
}

}  // namespace
}  // namespace prepull
