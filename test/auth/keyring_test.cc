#include "src/auth/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

using ::testing::ElementsAreArray;

Reference Image(const std::string& text) {
  return Reference::Parse(text).value();
}

// Credentials that are called like their keys.
Keyring WithKeys(const std::vector<std::string>& keys) {
  Keyring keyring;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto pattern = RegistryPattern::Parse(keys[i]);
    EXPECT_TRUE(pattern.has_value()) << keys[i];
    if (!pattern) continue;
    keyring.Add({*pattern, {.username = absl::StrCat(i), .source = keys[i]}});
  }
  return keyring;
}

// The rules of the kubelet's keyring (URLsMatch, Add and Lookup of
// kubernetes/pkg/credentialprovider/keyring.go).
constexpr char kKubelet[] = "kubelet";
// Where we differ, and why.
constexpr char kSegments[] = "a path ends at a segment";
constexpr char kHub[] = "all of Docker Hub's names are equal";
constexpr char kLongest[] = "the longest path first";
constexpr char kCase[] = "hosts have no case";

struct Row {
  const char* source;
  const char* image;
  std::vector<std::string> keys;
  std::vector<std::string> found;  // in this order
};

const Row kRows[] = {
    // What a key means.
    {kKubelet, "a.io/x", {"a.io"}, {"a.io"}},
    {kKubelet, "a.io/x", {"https://a.io"}, {"https://a.io"}},
    {kKubelet, "a.io/x", {"http://a.io/"}, {"http://a.io/"}},
    {kKubelet, "a.io/x", {"https://a.io/v1/"}, {"https://a.io/v1/"}},
    {kKubelet, "a.io/x", {"a.io/v2/"}, {"a.io/v2/"}},
    {kKubelet, "a.io/x/y", {"a.io/v2/x"}, {"a.io/v2/x"}},
    {kKubelet, "a.io/x", {"a.io/v1"}, {}},
    {kKubelet, "a.io/v1/x", {"a.io/v1"}, {"a.io/v1"}},
    {kKubelet, "a.io/x", {"https://user:pw@a.io"}, {"https://user:pw@a.io"}},
    {kKubelet, "a.io/x", {"a.io?service=x"}, {"a.io?service=x"}},
    // Ports.
    {kKubelet, "a.io:5000/x", {"a.io:5000"}, {"a.io:5000"}},
    {kKubelet, "a.io:5000/x", {"a.io", "a.io:5001", "*.io:*"}, {}},
    {kKubelet, "a.io/x", {"a.io:443"}, {}},
    {kKubelet, "[::1]:5000/x", {"[::1]:5000", "[::1]"}, {"[::1]:5000"}},
    {kKubelet, "localhost:5000/x", {"localhost:5000"}, {"localhost:5000"}},
    // Host parts.
    {kKubelet, "a.b.io/x", {"*.b.io"}, {"*.b.io"}},
    {kKubelet, "a.b.io/x", {"*.*.*"}, {"*.*.*"}},
    {kKubelet, "a.b.io/x", {"a.*.io"}, {"a.*.io"}},
    {kKubelet, "pre-fix.b.io/x", {"p*-f*x.b.io"}, {"p*-f*x.b.io"}},
    {kKubelet, "eu-gcr.b.io/x", {"*gcr.b.io"}, {"*gcr.b.io"}},
    {kKubelet, "a.b.io/x", {"*.io", "b.io", "*"}, {}},
    {kKubelet, "b.io/x", {"*.b.io"}, {}},
    {kKubelet, "a.b.io/x", {"*x.b.io", "a*a.b.io"}, {}},
    {kKubelet, "ab.b.io/x", {"*a*a*.b.io"}, {}},
    // Paths.
    {kKubelet, "a.io/team/x", {"a.io/team"}, {"a.io/team"}},
    {kKubelet, "a.io/team/x", {"a.io/team/"}, {"a.io/team/"}},
    {kKubelet, "a.io/team/x", {"a.io/team/x"}, {"a.io/team/x"}},
    {kKubelet, "a.io/team/x:1", {"a.io/team/x"}, {"a.io/team/x"}},
    {kKubelet, "a.io/team", {"a.io/team/x"}, {}},
    {kKubelet, "a.io/team/x", {"a.io/t*", "a.io/x"}, {}},
    {kSegments, "a.io/teams/x", {"a.io/team"}, {}},
    {kSegments, "bar.example.com/pongz", {"bar.example.com/pong"}, {}},
    // The order.
    {kKubelet,
     "a.io/team/x",
     {"a.io", "a.io/team", "a.io/team/x", "b.io"},
     {"a.io/team/x", "a.io/team", "a.io"}},
    {kKubelet, "a.b.io/x", {"*.b.io", "a.b.io"}, {"a.b.io", "*.b.io"}},
    {kKubelet, "a.b.io/x", {"*.*.io", "*.b.io"}, {"*.b.io", "*.*.io"}},
    {kKubelet,
     "a.io/x",
     {"https://a.io", "a.io", "http://a.io/v2/"},
     {"https://a.io", "a.io", "http://a.io/v2/"}},
    {kLongest, "a.b.io/x", {"a.b.io", "*.b.io/x"}, {"*.b.io/x", "a.b.io"}},
    // Docker Hub.
    {kKubelet,
     "busybox",
     {"https://index.docker.io/v1/"},
     {"https://index.docker.io/v1/"}},
    {kKubelet, "team/app", {"docker.io"}, {"docker.io"}},
    {kKubelet, "docker.io/team/app", {"index.docker.io"}, {"index.docker.io"}},
    {kKubelet, "team/app", {"*.io"}, {"*.io"}},
    {kHub, "busybox", {"registry-1.docker.io"}, {"registry-1.docker.io"}},
    {kHub, "registry-1.docker.io/a/b", {"docker.io"}, {"docker.io"}},
    {kHub, "index.docker.io/team/app", {"docker.io"}, {"docker.io"}},
    {kHub,
     "team/app",
     {"index.docker.io/v1/", "docker.io/team"},
     {"docker.io/team", "index.docker.io/v1/"}},
    {kHub,
     "team/app",
     {"docker.io", "index.docker.io", "registry-1.docker.io"},
     {"docker.io", "index.docker.io", "registry-1.docker.io"}},
    {kHub,
     "busybox",
     {"registry-1.docker.io/library"},
     {"registry-1.docker.io/library"}},
    {kHub,
     "a/b",
     {"https://index.docker.io/v1"},
     {"https://index.docker.io/v1"}},
    {kHub, "a/b", {"*.docker.io"}, {"*.docker.io"}},
    {kHub,
     "team/app",
     {"docker.io:443", "hub.docker.com", "docker.io/app"},
     {}},
    {kHub, "a.io/docker.io/x", {"docker.io"}, {}},
    {kCase, "a.io/x", {"A.IO"}, {"A.IO"}},
};

TEST(KeyringTest, FindsWhatMatchesTheMostSpecificFirst) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(absl::StrCat(row.image, " (", row.source, ")"));

    std::vector<std::string> found;
    for (const Credential& credential :
         WithKeys(row.keys).Find(Image(row.image))) {
      found.push_back(credential.source);
    }

    EXPECT_THAT(found, ElementsAreArray(row.found));
  }
}

TEST(RegistryPatternTest, RefusesWhatNamesNoHost) {
  for (const std::string key :
       {"", "https://", "/team", ":5000", "user@", "?"}) {
    EXPECT_FALSE(RegistryPattern::Parse(key).has_value()) << key;
  }
}

TEST(ShownKeyTest, ShowsNoPasswordThatStandsInAKey) {
  EXPECT_EQ(ShownKey("https://user:secret@a.io/v2/"), "a.io/v2/");
  EXPECT_EQ(ShownKey("user:secret@a.io?token=secret"), "a.io");
  EXPECT_EQ(ShownKey("https://http://user:secret@a.io"), "http://a.io");
  EXPECT_EQ(ShownKey("a.io\n"), "a.io ");
}

TEST(AppendNewTest, LeavesOutWhatIsThereAlready) {
  std::vector<Credential> credentials = {{.username = "a", .source = "one"}};

  AppendNew({{.username = "a", .source = "two"}, {.username = "b"}},
            credentials);

  ASSERT_EQ(credentials.size(), 2u);
  EXPECT_EQ(credentials[0].source, "one");
  EXPECT_EQ(credentials[1].username, "b");
}

}  // namespace
}  // namespace prepull
