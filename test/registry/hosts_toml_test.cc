#include "src/registry/hosts_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPinned[] =
    "@sha256:0123456789012345678901234567890123456789012345678901234567890123";

// What is asked for `image`, in order.
std::vector<std::string> Urls(const std::string& registry,
                              const std::string& hosts,
                              const std::string& image) {
  NodeRegistries node;
  node.AddRegistry(registry, *ParseHostsToml(hosts, "hosts.toml"));
  std::vector<std::string> urls;
  const auto places = node.PlacesOf(*Reference::Parse(image));
  if (!places.ok()) return {std::string(places.status().message())};
  for (const Place& place : *places) {
    urls.push_back(
        absl::StrCat(place.may_be_plain ? "?" : "s:", place.image.repository(),
                     " ", place.api_path, " ", place.query));
  }
  return urls;
}

TEST(HostsTomlTest, MirrorsAreAskedInTheOrderOfTheFileAndTheServerLast) {
  EXPECT_THAT(
      Urls("docker.io", R"(
      server = "https://registry-1.docker.io"
      [host."https://z.example:5000"]
      [host."http://a.example"]
      [host."https://mirror/proxy"]
      [host."https://h.example/v2/hub"]
      override_path = true)",
           "busybox"),
      ElementsAre("s:z.example:5000/library/busybox /v2/ ns=docker.io",
                  "?a.example:80/library/busybox /v2/ ns=docker.io",
                  "s:mirror:443/library/busybox /proxy/v2/ ns=docker.io",
                  "s:h.example/library/busybox /v2/hub/ ns=docker.io",
                  "s:registry-1.docker.io/library/busybox /v2/ "
                  "ns=docker.io"));
}

TEST(HostsTomlTest, WithoutAServerTheRegistryItselfIsAskedLast) {
  EXPECT_THAT(Urls("_default", "[host.\"127.0.0.1:30020\"]", "q.example/a/b:1"),
              ElementsAre("s:127.0.0.1:30020/a/b /v2/ ns=q.example",
                          "s:q.example/a/b /v2/ "));
  EXPECT_THAT(Urls("q.example", "", "q.example/a:1"),
              ElementsAre("s:q.example/a /v2/ "));
}

TEST(HostsTomlTest, AHostThatOnlyPullsIsForDigests) {
  const std::string hosts = R"(
      [host."https://p.example"]
      capabilities = ["pull"]
      [host."https://n.example"]
      capabilities = ["push"]
      [host."https://b.example"]
      capabilities = ["pull", "resolve"])";

  EXPECT_THAT(
      Urls("q.example", hosts, "q.example/a:1"),
      ElementsAre("s:b.example/a /v2/ ns=q.example", "s:q.example/a /v2/ "));
  EXPECT_THAT(
      Urls("q.example", hosts, absl::StrCat("q.example/a", kPinned)),
      ElementsAre("s:p.example/a /v2/ ns=q.example",
                  "s:b.example/a /v2/ ns=q.example", "s:q.example/a /v2/ "));
}

TEST(HostsTomlTest, TrustIsThatOfAHost) {
  const auto rule = ParseHostsToml(R"(
      ca = "/etc/own.crt"
      [host."https://a.example"]
      ca = ["a.crt", "b.crt"]
      [host."https://b.example"]
      skip_verify = true)",
                                   "hosts.toml");

  ASSERT_THAT(rule, IsOk());
  EXPECT_THAT(rule->own.ca, ElementsAre(CaFile{"/etc/own.crt"}));
  ASSERT_THAT(rule->mirrors, SizeIs(2));
  EXPECT_THAT(rule->mirrors[0].ca,
              ElementsAre(CaFile{"a.crt"}, CaFile{"b.crt"}));
  EXPECT_THAT(rule->mirrors[1].ca, IsEmpty());
  EXPECT_TRUE(rule->mirrors[1].accepts_any_certificate);
  EXPECT_FALSE(rule->mirrors[1].may_be_plain);
}

struct BadHosts {
  const char* text;
  const char* error;
};

TEST(HostsTomlTest, ABrokenFileIsToldByItsPlace) {
  const std::vector<BadHosts> rows = {
      {"server = 1", "h:1:10: server: expected a string"},
      {"server = 'https://'",
       "h:1:1: host \"https://\": expected http:// or https:// and a host"},
      {"host = 1", "h:1:8: host: expected tables [host.\"URL\"]"},
      {"[host]\na = 1", "h:2:5: host: expected a table"},
      {"[host.'https://a b']",
       "h:1:1: host \"https://a b\": expected http:// or https:// and a host"},
      {"ca = 1", "h:1:6: ca: expected strings"},
      {"capabilities = [1]", "h:1:16: capabilities: expected strings"},
      {"skip_verify = 'no'", "h:1:15: skip_verify: expected true or false"},
  };
  for (const BadHosts& bad : rows) {
    EXPECT_THAT(ParseHostsToml(bad.text, "h"),
                StatusIs(absl::StatusCode::kInvalidArgument, bad.error))
        << bad.text;
  }
}

}  // namespace
}  // namespace prepull
