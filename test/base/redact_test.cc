#include "prepull/base/redact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/redact.h"
#include "prepull/base/units.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::Values;

struct RedactRow {
  std::string text;
  std::string expected;
  std::string why;
};

void PrintTo(const RedactRow& row, std::ostream* out) { *out << row.why; }

// Forms of the texts: Go's url.Error, containerd and CRI-O.
class UrlSecretsTest : public testing::TestWithParam<RedactRow> {};

TEST_P(UrlSecretsTest, StayOut) {
  EXPECT_EQ(WithoutUrlSecrets(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, UrlSecretsTest,
    Values(
        RedactRow{"no URL? none@all", "no URL? none@all", "plain text"},
        RedactRow{"https://quay.io/v2/a", "https://quay.io/v2/a", "no secret"},
        RedactRow{"https://me:pass@quay.io/v2", "https://quay.io/v2",
                  "user info"},
        RedactRow{"u:p@ss@quay.io/a:1", "quay.io/a:1", "user info, no scheme"},
        RedactRow{"a=u:pass@h/x", "h/x", "user info of a rule"},
        RedactRow{"alpine:3@sha256:12", "alpine:3@sha256:12", "a digest"},
        RedactRow{"h:5000/a:1@sha512:12", "h:5000/a:1@sha512:12",
                  "a digest behind a port"},
        RedactRow{"https://token@quay.io", "https://quay.io", "a bare user"},
        RedactRow{"https://me:p@ss@quay.io/v2", "https://quay.io/v2",
                  "an @ in the password"},
        RedactRow{"https://h/a@sha256:12", "https://h/a@sha256:12",
                  "an @ in the path"},
        RedactRow{"https://h/a?X-Amz-Signature=1&b=2", "https://h/a",
                  "a query"},
        RedactRow{"https://h?sig=me@you", "https://h",
                  "a query behind the host"},
        RedactRow{"https://h/a?b=c#d", "https://h/a", "a query and a fragment"},
        RedactRow{"Get \"https://me:pw@h/a?sig=x\": EOF",
                  "Get \"https://h/a\": EOF", "Go's %q"},
        RedactRow{R"(Get \"https://h/a?sig=x\": EOF)",
                  R"(Get \"https://h/a\": EOF)", "Go's %q in a quoted text"},
        RedactRow{"get https://h/a?sig=x: refused", "get https://h/a: refused",
                  "a colon behind"},
        RedactRow{"(see https://h/a?sig=x).", "(see https://h/a).",
                  "brackets around"},
        RedactRow{"get 'https://h/a?sig=x', 1", "get 'https://h/a', 1",
                  "single quotes around"},
        RedactRow{"https://h/a?b='x)y'z end", "https://h/a end",
                  "quotes and brackets within"},
        RedactRow{"https://a:1@b/c?d and https://e:2@f/g?h i",
                  "https://b/c and https://f/g i", "two URLs"},
        RedactRow{"https://a,https://me:pass@b", "https://a,https://b",
                  "two URLs without a blank"},
        RedactRow{"https://h/?u=https://me:pass@b/", "https://h/",
                  "a URL in a query"},
        RedactRow{"is it https://h/a?", "is it https://h/a", "a question"},
        RedactRow{"https://", "https://", "a scheme alone"},
        RedactRow{"://@", "://", "nothing around"},
        RedactRow{"https://me:pw@", "https://", "no host"},
        RedactRow{"https://h/a\nuser@b?c", "https://h/a\nuser@b?c",
                  "another line is not the URL"}));

TEST(UrlSecretsTimeTest, IsLinearInManySchemes) {
  std::string text;
  for (int i = 0; i < 1 << 20; ++i) text += "a://";

  EXPECT_THAT(WithoutUrlSecrets(text), SizeIs(text.size()));
}

TEST(UrlSecretsTimeTest, IsLinearInOneLongQuery) {
  const std::string text =
      absl::StrCat("a://h?", std::string(4 << 20, '@'), " end");

  EXPECT_EQ(WithoutUrlSecrets(text), "a://h end");
}

TEST(ReportedMessageTest, CutsWhatMayBeSecret) {
  const std::string message = ReportedMessage(absl::UnknownError(
      "failed to do request: Get "
      "\"https://user:hunter2@cdn.example/blob?sig=s3cr3t&x=y\": EOF"));

  EXPECT_THAT(message, HasSubstr("\"https://cdn.example/blob\": EOF"));
  EXPECT_THAT(message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(message, Not(HasSubstr("s3cr3t")));
}

TEST(ReportedMessageTest, CutsTheQueryOfARedirectWithoutHost) {
  // containerd 1.6.20 after ten redirects
  EXPECT_EQ(ReportedMessage(absl::UnknownError(
                "failed to do request: Get \"/v2/a/blobs/b?sig=s3cr3t\": "
                "stopped after 10 redirects: is that all?")),
            "failed to do request: Get \"/v2/a/blobs/b\": "
            "stopped after 10 redirects: is that all?");
}

TEST(ReportedMessageTest, CutsTheTokenThatARegistryRepeats) {
  // containerd 1.6.20: "Server message" is the registry's text.
  EXPECT_EQ(ReportedMessage(absl::UnknownError(
                "403 Forbidden - Server message: denied: not with Bearer "
                "eyJhbGciOi.eyJzdWIi-0_A.c2ln= nor Basic cm9ib3Q6cGFzc3dvcmQ=: "
                "Basic authentication needed")),
            "403 Forbidden - Server message: denied: not with Bearer *** nor "
            "Basic ***: Basic authentication needed");
}

TEST(ReportedMessageTest, IsOnePrintableLine) {
  EXPECT_EQ(ReportedMessage(absl::UnknownError(
                "429 Too Many Requests\ntoomanyrequests: \x1B[31mno\n")),
            "429 Too Many Requests toomanyrequests:  [31mno");
}

TEST(ReportedMessageTest, IsAtMostOneKibibyte) {
  const std::string message =
      ReportedMessage(absl::UnknownError(std::string(1 << 20, '\xFF')));

  EXPECT_LE(message.size(), 1024);
  EXPECT_GE(message.size(), 1000);
}

TEST(ReportedMessageTest, NamesTheCodeWhenThereAreNoWords) {
  EXPECT_EQ(ReportedMessage(absl::UnavailableError("")), "UNAVAILABLE");
}
}  // namespace
}  // namespace prepull
