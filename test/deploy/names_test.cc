#include "prepull/deploy/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kInvalidName = absl::StatusCode::kInvalidArgument;

TEST(DnsLabelTest, IsWhatANamespaceMayBeCalled) {
  for (const std::string& good :
       {std::string("a"), std::string("0"), std::string("my-images-2"),
        std::string(63, 'a')}) {
    EXPECT_THAT(CheckDnsLabel(good), IsOk());
  }
  for (const std::string& bad :
       {std::string(""), std::string("A"), std::string("-a"), std::string("a-"),
        std::string("a.b"), std::string("a_b"), std::string("a b"),
        std::string("a\nb"), std::string("\xC3\xBC"), std::string("a\0b", 3),
        std::string(64, 'a')}) {
    EXPECT_THAT(CheckDnsLabel(bad),
                StatusIs(kInvalidName, HasSubstr("DNS-1123")));
  }
}

TEST(DnsLabelTest, IsShownOnOneLine) {
  EXPECT_THAT(CheckDnsLabel("a\nkind: Secret"),
              StatusIs(kInvalidName, Not(HasSubstr("\n"))));
}

TEST(DnsSubdomainTest, HasDots) {
  EXPECT_THAT(CheckDnsSubdomain("pull-secret.v2"), IsOk());
  EXPECT_THAT(CheckDnsSubdomain(std::string(253, 'a')), IsOk());
  for (const std::string& bad :
       {std::string(""), std::string("a..b"), std::string(".a"),
        std::string("a."), std::string("a/b"), std::string("a.-b"),
        std::string(254, 'a')}) {
    EXPECT_THAT(CheckDnsSubdomain(bad), StatusIs(kInvalidName));
  }
}

TEST(HostPathTest, IsAbsoluteAndLeadsNowhereElse) {
  EXPECT_THAT(CheckHostPath("/var/lib/prepull"), IsOk());
  for (const char* bad :
       {"", "/", "a", "var/lib", "/var/../etc", "/..", "/.", "/a/./b", "//a",
        "/a/", "/a:b", "/a b", "/a\nb", "/\xC3\xBC"}) {
    EXPECT_THAT(CheckHostPath(bad), StatusIs(kInvalidName)) << bad;
  }
  EXPECT_THAT(CheckHostPath("/" + std::string(5000, 'a')),
              StatusIs(kInvalidName));
}

TEST(LabelTest, IsAKeyAndAValue) {
  const auto label = ParseLabel("node-role.kubernetes.io/worker=");
  ASSERT_THAT(label, IsOk());
  EXPECT_EQ(label->key, "node-role.kubernetes.io/worker");
  EXPECT_EQ(label->value, "");
  EXPECT_THAT(ParseLabel("disk=SSD_1.x"), IsOk());
  for (const char* bad : {"", "disk", "=a", "/a=b", "a/=b", "a/b/c=d", "A/b=c",
                          "a=b=c", "a=-b", "a= b", "a=b\n", "a b=c"}) {
    EXPECT_THAT(ParseLabel(bad), StatusIs(kInvalidName)) << bad;
  }
  EXPECT_THAT(ParseLabel("a=" + std::string(64, 'b')), StatusIs(kInvalidName));
}

TEST(TolerationTest, IsWrittenAsATaintIs) {
  const auto whole = ParseToleration("dedicated=db:NoSchedule");
  ASSERT_THAT(whole, IsOk());
  EXPECT_EQ(whole->key, "dedicated");
  EXPECT_EQ(whole->value, "db");
  EXPECT_EQ(whole->effect, "NoSchedule");

  const auto any_value = ParseToleration("example.com/old:NoExecute");
  ASSERT_THAT(any_value, IsOk());
  EXPECT_EQ(any_value->key, "example.com/old");
  EXPECT_EQ(any_value->value, std::nullopt);

  const auto all = ParseToleration("all");
  ASSERT_THAT(all, IsOk());
  EXPECT_EQ(all->key, "");
  EXPECT_EQ(all->effect, "");
}

TEST(TolerationTest, IsRefusedWhenKubernetesWould) {
  for (const char* bad : {"", ":", "a:", "a:Never", ":NoSchedule", "=b",
                          "a=b c", "a b", "a=b:noschedule"}) {
    EXPECT_THAT(ParseToleration(bad), StatusIs(kInvalidName)) << bad;
  }
}

TEST(AmountsTest, ReplaceWhatTheyName) {
  Amounts amounts = {.cpu = "10m", .memory = "16Mi"};

  EXPECT_THAT(ParseAmounts("memory=0.5Gi", amounts), IsOk());

  EXPECT_EQ(amounts.cpu, "10m");
  EXPECT_EQ(amounts.memory, "0.5Gi");

  EXPECT_THAT(ParseAmounts("cpu=none,memory=none", amounts), IsOk());

  EXPECT_EQ(amounts.cpu, "");
  EXPECT_EQ(amounts.memory, "");
}

TEST(AmountsTest, AreQuantities) {
  Amounts amounts;
  for (const char* bad :
       {"", "cpu", "cpu=", "cpu=0", "cpu=-1", "cpu=1.", "cpu=.5", "cpu=1e3",
        "cpu=1x", "cpu=inf", "cpu=1 ", "disk=1", "cpu=1;memory=2", "cpu=1,",
        "memory=16MiB", "cpu=1\n", "cpu=1234567890123"}) {
    EXPECT_THAT(ParseAmounts(bad, amounts), StatusIs(kInvalidName)) << bad;
  }
}

TEST(AmountsTest, OfARequestStayWithinTheLimit) {
  EXPECT_THAT(CheckResources({.cpu = "500m"}, {.cpu = "0.5"}), IsOk());
  EXPECT_THAT(CheckResources({.memory = "1Gi"}, {.memory = "1024Mi"}), IsOk());
  EXPECT_THAT(CheckResources({.cpu = "2"}, {}), IsOk());
  EXPECT_THAT(
      CheckResources({.memory = "65Mi"}, {.memory = "64Mi"}),
      StatusIs(kInvalidName, "memory: request 65Mi exceeds the limit 64Mi"));
  EXPECT_THAT(CheckResources({.cpu = "1"}, {.cpu = "999m"}),
              StatusIs(kInvalidName));
}

}  // namespace
}  // namespace prepull
