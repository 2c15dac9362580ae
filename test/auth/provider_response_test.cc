#include "src/auth/provider_response.h"

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
  return ParseProviderResponse(
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

TEST(ProviderResponseTest, ReadsAccounts) {
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

TEST(ProviderResponseTest, MayHaveNoAccounts) {
  EXPECT_THAT(ParseAnswer(R"("cacheKeyType":"Image")")->entries, IsEmpty());
  EXPECT_THAT(ParseAnswer(R"("cacheKeyType":"Image","auth":null)")->entries,
              IsEmpty());
  EXPECT_THAT(ParseAnswer(R"("cacheKeyType":"Image","auth":
                       {"a.io":{"username":"","password":""}})")
                  ->entries,
              IsEmpty());
}

TEST(ProviderResponseTest, TellsNoDurationFromZero) {
  EXPECT_EQ(ParseAnswer(R"("cacheKeyType":"Image")")->cache_duration,
            std::nullopt);
  EXPECT_EQ(ParseAnswer(R"("cacheKeyType":"Image","cacheDuration":null)")
                ->cache_duration,
            std::nullopt);
  EXPECT_EQ(ParseAnswer(R"("cacheKeyType":"Global","cacheDuration":"0s")")
                ->cache_duration,
            absl::ZeroDuration());
}

TEST(ProviderResponseTest, SaysWhatIsWrongWithoutShowingIt) {
  const auto refused = [](const absl::StatusOr<ProviderResponse>& answer,
                          const std::string& why) {
    EXPECT_THAT(answer, StatusIs(Code::kInvalidArgument, why));
  };

  refused(ParseProviderResponse("hidden", kProvider),
          "invalid JSON: expected an object");
  refused(ParseProviderResponse("", kProvider),
          "invalid JSON: expected an object");
  refused(ParseProviderResponse(R"(["hidden"])", kProvider),
          "invalid JSON: expected an object");
  refused(ParseProviderResponse(R"({"kind":"hidden"})", kProvider),
          "kind: expected CredentialProviderResponse");
  refused(ParseProviderResponse(R"({"kind":"CredentialProviderResponse",
                                  "apiVersion":"hidden"})",
                                kProvider),
          "apiVersion: expected that of the request");
  refused(ParseAnswer(R"("cacheKeyType":"hidden")"),
          "cacheKeyType: expected Image, Registry or Global");
  refused(ParseAnswer(R"("cacheKeyType":"Image","cacheDuration":"hidden")"),
          "cacheDuration: invalid duration");
  refused(ParseAnswer(R"("cacheKeyType":"Image","auth":"hidden")"),
          "auth: expected an object");
  refused(ParseAnswer(R"("cacheKeyType":"Image","auth":{"a.io":"hidden"})"),
          "auth: invalid entry");
  refused(ParseAnswer(R"("cacheKeyType":"Image","auth":{"/hidden":{}})"),
          "auth: invalid entry");
}

}  // namespace
}  // namespace prepull
