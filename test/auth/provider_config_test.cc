#include "src/auth/provider_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kYaml[] = R"(apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: ecr-credential-provider
  matchImages:
  - "*.dkr.ecr.*.amazonaws.com"
  - registry.io:8080/path
  defaultCacheDuration: "12h0m5s"
  apiVersion: credentialprovider.kubelet.k8s.io/v1beta1
  args:
  - get-credentials
  - "7"
  env:
  - name: AWS_PROFILE
    value: hidden
  - name: EMPTY
)";

auto ParseConfig(const std::string& text) {
  return ParseProviderConfig(text, "/etc/config.yaml");
}

// The config with one part of it replaced.
auto ParseWith(const std::string& old_part, const std::string& new_part) {
  const std::string text = absl::StrReplaceAll(kYaml, {{old_part, new_part}});
  EXPECT_NE(text, kYaml);
  return ParseConfig(text);
}

TEST(ProviderConfigTest, ReadsYaml) {
  const auto providers = ParseConfig(kYaml);

  ASSERT_THAT(providers, IsOk());
  ASSERT_THAT(*providers, SizeIs(1));
  const CredentialProvider& provider = providers->front();
  EXPECT_EQ(provider.name, "ecr-credential-provider");
  EXPECT_THAT(provider.match_images, SizeIs(2));
  EXPECT_EQ(provider.match_texts,
            "*.dkr.ecr.*.amazonaws.com registry.io:8080/path");
  EXPECT_THAT(provider.arguments, ElementsAre("get-credentials", "7"));
  EXPECT_THAT(provider.environment,
              ElementsAre(Pair("AWS_PROFILE", "hidden"), Pair("EMPTY", "")));
  EXPECT_EQ(provider.default_cache_duration,
            absl::Hours(12) + absl::Seconds(5));
  EXPECT_EQ(provider.api_version, "credentialprovider.kubelet.k8s.io/v1beta1");
  EXPECT_FALSE(provider.needs_service_account);
}

TEST(ProviderConfigTest, ReadsJson) {
  const auto providers = ParseConfig(
      R"({"kind":"CredentialProviderConfig",
          "apiVersion":"kubelet.config.k8s.io/v1alpha1",
          "providers":[{"name":"a","matchImages":["a.io"],
                        "defaultCacheDuration":"0s",
                        "apiVersion":"credentialprovider.kubelet.k8s.io/v1",
                        "tokenAttributes":{"requireServiceAccount":false}},
                       {"name":"b","matchImages":["b.io"],
                        "defaultCacheDuration":"1m","args":null,
                        "apiVersion":"credentialprovider.kubelet.k8s.io/v1",
                        "tokenAttributes":{"requireServiceAccount":true}}]})");

  ASSERT_THAT(providers, IsOk());
  ASSERT_THAT(*providers, SizeIs(2));
  EXPECT_EQ((*providers)[0].name, "a");
  EXPECT_EQ((*providers)[0].default_cache_duration, absl::ZeroDuration());
  EXPECT_FALSE((*providers)[0].needs_service_account);
  EXPECT_THAT((*providers)[1].arguments, IsEmpty());
  EXPECT_TRUE((*providers)[1].needs_service_account);
}

TEST(ProviderConfigTest, TakesEveryVersionOfTheConfig) {
  EXPECT_THAT(
      ParseWith("kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta1"),
      IsOk());
  EXPECT_THAT(
      ParseWith("kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v2"),
      StatusIs(
          Code::kInvalidArgument,
          StartsWith(
              "/etc/config.yaml:1: apiVersion: "
              "unsupported version \"kubelet.config.k8s.io/v2\": expected ")));
}

struct ConfigRow {
  const char* old_part;
  const char* new_part;
  const char* message;  // behind the path
};

TEST(ProviderConfigTest, SaysWhatIsWrongAndWhere) {
  const ConfigRow rows[] = {
      {"kind: CredentialProviderConfig", "kind: Pod",
       "2: kind: expected CredentialProviderConfig"},
      {"kind: CredentialProviderConfig\n", "", "1: kind: missing"},
      {"name: ecr-credential-provider", "name: ../sh",
       "4: providers[0].name: expected a plain file name"},
      {"name: ecr-credential-provider", "name: \"..\"",
       "4: providers[0].name: expected a plain file name"},
      {"name: ecr-credential-provider", "name: \"\"",
       "4: providers[0].name: expected a plain file name"},
      {"name: ecr-credential-provider", "name: [a]",
       "4: providers[0].name: expected a string"},
      {"\"12h0m5s\"", "12 hours",
       "8: providers[0].defaultCacheDuration: invalid duration "
       "\"12 hours\": expected e.g. 30s or 1h30m"},
      {"  defaultCacheDuration: \"12h0m5s\"\n", "",
       "4: providers[0].defaultCacheDuration: missing"},
      {"registry.io:8080/path", "/path",
       "7: providers[0].matchImages[1]: missing registry host"},
      {"name: EMPTY", "value: hidden", "16: providers[0].env[1].name: missing"},
      {"name: EMPTY", "name: A=hidden",
       "16: providers[0].env[1].name: invalid variable name"},
      {"- \"7\"", "- {}", "12: providers[0].args[1]: expected a string"},
      {"kind:", "kind: [", "3: invalid YAML: "},
  };
  for (const ConfigRow& row : rows) {
    EXPECT_THAT(
        ParseWith(row.old_part, row.new_part),
        StatusIs(
            Code::kInvalidArgument,
            AllOf(StartsWith(absl::StrCat("/etc/config.yaml:", row.message)),
                  Not(HasSubstr("hidden")))));
  }
}

TEST(ProviderConfigTest, RefusesTwoProvidersOfOneName) {
  std::string text = kYaml;
  text += text.substr(text.find("- name: ecr"));

  EXPECT_THAT(ParseConfig(text),
              StatusIs(Code::kInvalidArgument,
                       "/etc/config.yaml:17: providers[1].name: duplicate "
                       "name"));
}

TEST(ProviderConfigTest, RefusesWhatIsNoConfig) {
  for (const std::string text :
       {"", "null", "[]", "text", "a: *b", "\xFF", "{", "providers: 7"}) {
    EXPECT_THAT(ParseConfig(text), StatusIs(Code::kInvalidArgument,
                                            StartsWith("/etc/config.yaml:")))
        << text;
  }
  EXPECT_THAT(ParseConfig(std::string(100'000, '[')),
              StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace prepull
