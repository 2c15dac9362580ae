#include "prepull/http/url.h"

#include <string>
#include <vector>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;

struct UrlRow {
  std::string text;
  bool is_secure;
  std::string host;
  int port;
  std::string authority;
  std::string target;
};

TEST(UrlTest, IsTakenApart) {
  const std::vector<UrlRow> rows = {
      {"https://quay.io", true, "quay.io", 443, "quay.io", "/"},
      {"http://quay.io/", false, "quay.io", 80, "quay.io", "/"},
      {"HTTPS://quay.io:443/v2/", true, "quay.io", 443, "quay.io", "/v2/"},
      {"https://quay.io:8443/v2/?n=1#top", true, "quay.io", 8443,
       "quay.io:8443", "/v2/?n=1"},
      {"http://quay.io?n=1", false, "quay.io", 80, "quay.io", "/?n=1"},
      {"https://10.0.0.1:6443/api", true, "10.0.0.1", 6443, "10.0.0.1:6443",
       "/api"},
      {"https://[fd00::1]/api", true, "fd00::1", 443, "[fd00::1]", "/api"},
      {"http://[::1]:5000", false, "::1", 5000, "[::1]:5000", "/"},
      {"http://under_score.local/%2F", false, "under_score.local", 80,
       "under_score.local", "/%2F"},
  };
  for (const UrlRow& row : rows) {
    const absl::StatusOr<Url> url = ParseUrl(row.text);

    ASSERT_THAT(url, IsOk()) << row.text;
    EXPECT_EQ(url->is_secure, row.is_secure) << row.text;
    EXPECT_EQ(url->host, row.host) << row.text;
    EXPECT_EQ(url->port, row.port) << row.text;
    EXPECT_EQ(url->authority, row.authority) << row.text;
    EXPECT_EQ(url->target, row.target) << row.text;
  }
}

struct Refused {
  std::string text;
  std::string why;
};

TEST(UrlTest, IsRefusedWithoutBeingShown) {
  const std::vector<Refused> rows = {
      {"", "invalid URL"},
      {"quay.io/v2", "invalid URL"},
      {"https://quay.io/a b", "invalid URL"},
      {"https://quay.io/a\r\nb", "invalid URL"},
      {"https://[fe80::1%25eth0]/", "invalid URL"},
      {"https://quay.io:port/", "invalid URL"},
      {"ftp://quay.io/", "invalid URL: expected http or https"},
      {"https://me:secret@quay.io/", "invalid URL: user info is not allowed"},
      {"https:///v2", "invalid URL: missing or invalid host"},
      {"https:opaque", "invalid URL: missing or invalid host"},
      {"https://a%00b/", "invalid URL: missing or invalid host"},
      {"https://" + std::string(254, 'a') + "/",
       "invalid URL: missing or invalid host"},
      {"https://quay.io:0/", "invalid URL: invalid port"},
      {"https://quay.io:65536/", "invalid URL: invalid port"},
      {"https://quay.io:65537/", "invalid URL: invalid port"},
      {"https://quay.io:4294967739/", "invalid URL: invalid port"},
  };
  for (const Refused& row : rows) {
    EXPECT_THAT(ParseUrl(row.text),
                StatusIs(StatusCode::kInvalidArgument, row.why))
        << row.text;
  }
}

constexpr char kAsked[] = "https://r.example/v2/app/tags/list?n=5";

TEST(ResolveUrlTest, ALocationMayBeRelativeInEveryWay) {
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
    EXPECT_THAT(ResolveUrl(kAsked, row.location), IsOkAndHolds(row.expected))
        << row.location;
  }
  EXPECT_THAT(ResolveUrl("https://r.example", "b"),
              IsOkAndHolds("https://r.example/b"));
}

TEST(ResolveUrlTest, ALocationLeadsToAServer) {
  for (const char* location :
       {"", "file:///etc/passwd", "mailto:x", "//", "///x"}) {
    EXPECT_THAT(ResolveUrl(kAsked, location),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << location;
  }
}

// As the signed addresses of object stores are.
TEST(ResolveUrlTest, AnAbsoluteLocationStaysAsItIsWritten) {
  constexpr char kSigned[] = "https://s3.example/a/../%7Eb?X-Sig=%2f&c=%7E";

  EXPECT_THAT(ResolveUrl(kAsked, kSigned), IsOkAndHolds(kSigned));
}

TEST(PercentEncodedTest, KeepsWhatIsUnreserved) {
  EXPECT_EQ(PercentEncoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncoded("a b&c=/:\xc3\xa4"), "a%20b%26c%3D%2F%3A%C3%A4");
}

TEST(PercentDecodedTest, RefusesWhatIsNotEncoded) {
  EXPECT_THAT(PercentDecoded("a%40b"), IsOkAndHolds("a@b"));
  EXPECT_THAT(PercentDecoded("a%4"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(IsLoopbackTest, IsThisMachineAlone) {
  for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.9.9.9",
                           "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"", "localhost.example", "128.0.0.1", "127.1",
                           "127.0.0.256", "::2", "::", "[::1]"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

}  // namespace
}  // namespace prepull
