#include "prepull/http/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Where `url` is asked with these exceptions: "proxy", or "" for directly.
std::string ProxyFor(absl::string_view url, absl::string_view no_proxy) {
  const absl::StatusOr<ProxyRules> rules =
      ProxyRules::Parse("proxy", "proxy", no_proxy);
  EXPECT_THAT(rules, IsOk());
  const std::optional<HttpProxy> proxy = rules->For(url);
  return proxy.has_value() ? proxy->authority : "";
}

struct Row {
  std::string no_proxy;
  std::string url;
  bool is_direct;
};

// As golang.org/x/net/http/httpproxy does.
TEST(ProxyTest, ExceptionsAreThoseOfGo) {
  const std::vector<Row> rows = {
      {"", "https://r.example/", false},
      {"r.example", "https://r.example/", true},
      {"R.Example", "https://r.eXample:5000/", true},
      {" , r.example , ", "https://r.example/", true},
      {"example", "https://r.example/", true},
      {"r.example", "https://other.example/", false},
      {"r.example", "https://other-r.example/", false},
      {".example", "https://r.example/", true},
      {".r.example", "https://r.example/", false},
      {"*.example", "https://r.example/", true},
      {"*.r.example", "https://r.example/", false},
      {"r.example:5000", "https://r.example:5000/", true},
      {"r.example:443", "https://r.example/", true},
      {"r.example:80", "http://r.example/", true},
      {"r.example:5000", "https://r.example/", false},
      {".example:5000", "https://r.example:5000/", true},
      {"*", "https://r.example/", true},
      {"x,*", "https://10.1.2.3/", true},
      {"10.1.2.3", "https://10.1.2.3:8443/", true},
      {"10.1.2.3:443", "https://10.1.2.3:8443/", false},
      {"10.1.2.3:8443", "https://10.1.2.3:8443/", true},
      {"10.0.0.0/8", "https://10.1.2.3/", true},
      {"10.1.2.0/23", "https://10.1.3.9/", true},
      {"10.1.2.0/23", "https://10.1.4.9/", false},
      {"0.0.0.0/0", "https://10.1.4.9/", true},
      {"0.0.0.0/0", "https://[fd00::1]/", false},
      {"10.0.0.0/8", "https://ten.example/", false},
      {"10.0.0.0/33", "https://10.1.2.3/", false},
      {"10.0.0.0/", "https://10.1.2.3/", false},
      {"fd00::/8", "https://[fd12::1]/", true},
      {"fd00::/8", "https://[fe12::1]/", false},
      {"fd00::1", "https://[fd00:0::1]:5000/", true},
      {"[fd00::1]:5000", "https://[fd00::1]:5000/", true},
      {"[fd00::1]:5000", "https://[fd00::1]/", false},
      // Nothing that anybody could mean.
      {":,:80,[,[]:1,/,*:,]:5", "https://r.example/", false},
      // Loopback without being asked.
      {"", "https://localhost:5000/", true},
      {"", "http://LOCALHOST/", true},
      {"", "https://127.0.0.2:5000/", true},
      {"", "https://[::1]/", true},
      {"", "https://[::ffff:127.0.0.1]/", true},
      {"", "https://localhost.example/", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ProxyFor(row.url, row.no_proxy), row.is_direct ? "" : "proxy")
        << row.no_proxy << " " << row.url;
  }
}

TEST(ProxyTest, EachSchemeHasItsOwn) {
  const absl::StatusOr<ProxyRules> rules =
      ProxyRules::Parse("http://plain:3128", "http://secure/", "");

  ASSERT_THAT(rules, IsOk());
  EXPECT_EQ(rules->For("http://r.example/")->authority, "plain:3128");
  EXPECT_EQ(rules->For("https://r.example/")->authority, "secure");
  EXPECT_EQ(rules->For("https://r.example/")->port, 80);
  EXPECT_EQ(ProxyRules().For("https://r.example/"), std::nullopt);
}

TEST(ProxyTest, CredentialsAreUnescapedAndInNothingThatIsShown) {
  const absl::StatusOr<ProxyRules> rules =
      ProxyRules::Parse("", "http://bob:hid%40den@[fd00::1]:3128/x?y", "");

  ASSERT_THAT(rules, IsOk());
  const std::optional<HttpProxy> proxy = rules->For("https://r.example/");
  ASSERT_TRUE(proxy.has_value());
  EXPECT_EQ(proxy->host, "fd00::1");
  EXPECT_EQ(proxy->port, 3128);
  EXPECT_EQ(proxy->authority, "[fd00::1]:3128");
  EXPECT_EQ(proxy->authorization, "Basic Ym9iOmhpZEBkZW4=");
}

TEST(ProxyTest, AWrongProxyIsNamedByItsVariable) {
  for (const char* value :
       {"socks5://bob:hidden@p", "https://bob:hidden@p", "bob:hid%xxen@p",
        "http://", "bob:hidden@", "bob:hidden@p:port", "hidden host"}) {
    EXPECT_THAT(ProxyRules::Parse("", value, ""),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("HTTPS_PROXY: "),
                               Not(HasSubstr("hid")), Not(HasSubstr("bob")))))
        << value;
  }
}

}  // namespace
}  // namespace prepull
