#include "src/http/url.h"

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
      {"", "the URL is malformed"},
      {"quay.io/v2", "the URL is malformed"},
      {"https://quay.io/a b", "the URL is malformed"},
      {"https://quay.io/a\r\nb", "the URL is malformed"},
      {"https://[fe80::1%25eth0]/", "the URL is malformed"},
      {"https://quay.io:port/", "the URL is malformed"},
      {"ftp://quay.io/", "the URL is neither http nor https"},
      {"https://me:secret@quay.io/", "the URL has a user in it"},
      {"https:///v2", "the URL has no host that can be looked up"},
      {"https:opaque", "the URL has no host that can be looked up"},
      {"https://a%00b/", "the URL has no host that can be looked up"},
      {"https://" + std::string(254, 'a') + "/",
       "the URL has no host that can be looked up"},
      {"https://quay.io:0/", "the URL has a port that is none"},
      {"https://quay.io:65536/", "the URL has a port that is none"},
      {"https://quay.io:65537/", "the URL has a port that is none"},
      {"https://quay.io:4294967739/", "the URL has a port that is none"},
  };
  for (const Refused& row : rows) {
    EXPECT_THAT(ParseUrl(row.text),
                StatusIs(StatusCode::kInvalidArgument, row.why))
        << row.text;
  }
}

}  // namespace
}  // namespace prepull
