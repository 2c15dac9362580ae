#include "src/registry/registry_url.h"

#include <gtest/gtest.h>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

constexpr char kAsked[] = "https://r.example/v2/app/tags/list?n=5";

TEST(ResolveLocationTest, ALocationMayBeRelativeInEveryWay) {
  const struct {
    const char* location;
    const char* expected;
  } rows[] = {
      {"?at=1", "https://r.example/v2/app/tags/list?at=1"},
      {"list?at=1", "https://r.example/v2/app/tags/list?at=1"},
      {"./list", "https://r.example/v2/app/tags/list"},
      {"../x/", "https://r.example/v2/app/x/"},
      {"../../../../..", "https://r.example/"},
      {"a/./b/..", "https://r.example/v2/app/tags/a/"},
      {"/v2/b?c=d:e", "https://r.example/v2/b?c=d:e"},
      {"//s.example/b", "https://s.example/b"},
      {"http://s.example/b?c", "http://s.example/b?c"},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(ResolveLocation(kAsked, row.location),
                IsOkAndHolds(row.expected))
        << row.location;
  }
  EXPECT_THAT(ResolveLocation("https://r.example", "b"),
              IsOkAndHolds("https://r.example/b"));
}

TEST(ResolveLocationTest, ALocationLeadsToAServer) {
  for (const char* location :
       {"", "file:///etc/passwd", "mailto:x", "//", "///x"}) {
    EXPECT_THAT(ResolveLocation(kAsked, location),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << location;
  }
}

TEST(IsAuthorityTest, AHostWithAPortOrNot) {
  for (const char* text : {"h", "h.example", "h:5000", "127.0.0.1:1", "[::1]",
                           "[::1]:5000", "localhost"}) {
    EXPECT_TRUE(IsAuthority(text)) << text;
  }
  for (const char* text : {"", "*", "https://h", "h/path", "h.example/p", "h:x",
                           "h:", "h:1/p", "a@h", "h:1:2", " h"}) {
    EXPECT_FALSE(IsAuthority(text)) << text;
  }
}

}  // namespace
}  // namespace prepull
