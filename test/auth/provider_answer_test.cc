#include "src/auth/provider_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const CredentialProvider kProvider = {
    .name = "ecr", .api_version = "credentialprovider.kubelet.k8s.io/v1"};

// An answer with `members` behind the usual ones.
auto ParseAnswer(const std::string& members) {
  return ParseProviderAnswer(
      absl::StrCat(R"({"kind":"CredentialProviderResponse",)"
                   R"("apiVersion":"credentialprovider.kubelet.k8s.io/v1",)",
                   members, "}"),
      kProvider);
}

TEST(ProviderRequestTest, AsksAsTheKubeletDoes) {
  EXPECT_EQ(ProviderRequest(kProvider, "a.io/team/app"),
            R"({"kind":"CredentialProviderRequest",)"
            R"("apiVersion":"credentialprovider.kubelet.k8s.io/v1",)"
            R"("image":"a.io/team/app"})");
}

TEST(ProviderAnswerTest, ReadsAccounts) {
  const auto answer = ParseAnswer(
      R"("cacheKeyType":"Registry","cacheDuration":"6h",
         "auth":{"a.io":{"username":"u","password":"p"},"*.b.io":{"username":"v"}})");

  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->scope, CacheScope::kRegistry);
  EXPECT_EQ(answer->cache_duration, absl::Hours(6));
  ASSERT_THAT(answer->entries, SizeIs(2));
  EXPECT_EQ(answer->entries[0].credential,
            (Credential{.username = "u", .password = "p"}));
  EXPECT_EQ(answer->entries[0].credential.source, "plugin ecr");
}

TEST(ProviderAnswerTest, MayHaveNoAccounts) {
  EXPECT_THAT(ParseAnswer(R"("cacheKeyType":"Image")")->entries, IsEmpty());
  EXPECT_THAT(ParseAnswer(R"("cacheKeyType":"Image","auth":null)")->entries,
              IsEmpty());
  EXPECT_THAT(ParseAnswer(R"("cacheKeyType":"Image","auth":
                       {"a.io":{"username":"","password":""}})")
                  ->entries,
              IsEmpty());
}

TEST(ProviderAnswerTest, TellsNoDurationFromZero) {
  EXPECT_EQ(ParseAnswer(R"("cacheKeyType":"Image")")->cache_duration,
            std::nullopt);
  EXPECT_EQ(ParseAnswer(R"("cacheKeyType":"Image","cacheDuration":null)")
                ->cache_duration,
            std::nullopt);
  EXPECT_EQ(ParseAnswer(R"("cacheKeyType":"Global","cacheDuration":"0s")")
                ->cache_duration,
            absl::ZeroDuration());
}

TEST(ProviderAnswerTest, SaysWhatIsWrongWithoutShowingIt) {
  const auto refused = [](const absl::StatusOr<ProviderAnswer>& answer,
                          const std::string& why) {
    EXPECT_THAT(answer, StatusIs(Code::kInvalidArgument, why));
  };

  refused(ParseProviderAnswer("hidden", kProvider), "is no JSON object");
  refused(ParseProviderAnswer("", kProvider), "is no JSON object");
  refused(ParseProviderAnswer(R"(["hidden"])", kProvider), "is no JSON object");
  refused(ParseProviderAnswer(R"({"kind":"hidden"})", kProvider),
          "kind is not CredentialProviderResponse");
  refused(ParseProviderAnswer(R"({"kind":"CredentialProviderResponse",
                                  "apiVersion":"hidden"})",
                              kProvider),
          "apiVersion is not that of the request");
  refused(ParseAnswer(R"("cacheKeyType":"hidden")"),
          "cacheKeyType is none of Image, Registry, Global");
  refused(ParseAnswer(R"("cacheKeyType":"Image","cacheDuration":"hidden")"),
          "cacheDuration is no duration");
  refused(ParseAnswer(R"("cacheKeyType":"Image","auth":"hidden")"),
          "auth is no object");
  refused(ParseAnswer(R"("cacheKeyType":"Image","auth":{"a.io":"hidden"})"),
          "auth has an entry that is none");
  refused(ParseAnswer(R"("cacheKeyType":"Image","auth":{"/hidden":{}})"),
          "auth has an entry that is none");
}

}  // namespace
}  // namespace prepull
