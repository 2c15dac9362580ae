#include "prepull/auth/credential_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/auth/credential_finder_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(CredentialFinderTest, FindsNothingWithoutSources) {
  ASSERT_THAT(Make({}), IsOk());

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(finder_->Sources(), IsEmpty());
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(CredentialFinderTest, FindsInFilesInTheirOrder) {
  Put("/one", ConfigOf("a.io", "first"));
  Put("/two/config.json", ConfigOf("a.io/team", "narrow"));
  Put("/three", ConfigOf("a.io", "last"));
  ASSERT_THAT(Make({.docker_configs = {"/one", "/two", "/three"}}), IsOk());

  EXPECT_THAT(
      Find("a.io/team/x"),
      IsOkAndHolds(ElementsAre("narrow of /two/config.json: a.io/team",
                               "first of /one: a.io", "last of /three: a.io")));
  EXPECT_THAT(Find("b.io/x"), IsOkAndHolds(IsEmpty()));
}

TEST_F(CredentialFinderTest, GivesTheSameAccountOnce) {
  Put("/one", ConfigOf("a.io", "u"));
  Put("/two", ConfigOf("a.io", "u"));
  ASSERT_THAT(Make({.docker_configs = {"/one", "/two"}}), IsOk());

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("u of /one: a.io")));
}

TEST_F(CredentialFinderTest, ReadsTheFilesAnewEachTime) {
  Put("/one", ConfigOf("a.io", "old"));
  ASSERT_THAT(Make({.docker_configs = {"/one"}}), IsOk());
  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("old of /one: a.io")));

  Put("/one", ConfigOf("a.io", "new"));

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("new of /one: a.io")));
}

TEST_F(CredentialFinderTest, WarnsOnceOfAFileThatIsNotThereAndGoesOn) {
  Put("/broken", "hidden");
  Put("/one", ConfigOf("a.io", "u"));
  ASSERT_THAT(Make({.docker_configs = {"/none", "/broken", "/one"}}), IsOk());

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(Find("a.io/y"), IsOkAndHolds(SizeIs(1)));

  EXPECT_THAT(
      log_,
      ElementsAre(
          AllOf(HasSubstr("warn"), HasSubstr("/none: open: no such file")),
          AllOf(HasSubstr("/broken: invalid JSON"), Not(HasSubstr("hidden")))));
}

TEST_F(CredentialFinderTest, ShowsNoMoreThanAFewHundredWarnings) {
  std::string text = R"({"auths":{"a.io":{})";
  for (int i = 0; i < 999; ++i) absl::StrAppend(&text, ",\"", i, ".io\":{}");
  Put("/one", text + "}}");
  ASSERT_THAT(Make({.docker_configs = {"/one"}}), IsOk());

  (void)Find("a.io/x");
  (void)Find("a.io/x");

  EXPECT_THAT(log_, SizeIs(201));
  EXPECT_THAT(log_.back(),
              HasSubstr("too many errors: further ones are not shown"));
}

TEST_F(CredentialFinderTest, TakesAnImagesOwnSecretAndNothingElse) {
  Put("/one", ConfigOf("a.io", "general"));
  Put("/secrets/team/.dockerconfigjson", ConfigOf("a.io", "own"));
  Put("/secrets/plain", ConfigOf("a.io", "plain"));
  ASSERT_THAT(Make({.docker_configs = {"/one"}, .secrets_dir = "/secrets"}),
              IsOk());

  EXPECT_THAT(Find("a.io/x", "team"),
              IsOkAndHolds(
                  ElementsAre("own of /secrets/team/.dockerconfigjson: a.io")));
  EXPECT_THAT(Find("a.io/x", "plain"),
              IsOkAndHolds(ElementsAre("plain of /secrets/plain: a.io")));
}

TEST_F(CredentialFinderTest, SaysWhyAnImagesOwnSecretCannotBeUsed) {
  Put("/secrets/team/.dockerconfigjson", ConfigOf("b.io", "own"));
  Put("/secrets/broken", R"({"auths":{"a.io":{"auth":"hidden"}}})");
  ASSERT_THAT(Make({.secrets_dir = "/secrets"}), IsOk());

  EXPECT_THAT(
      Find("a.io/x", "team"),
      StatusIs(Code::kNotFound, "secret \"team\": no credentials for a.io/x"));
  EXPECT_THAT(
      Find("a.io/x", "broken"),
      StatusIs(
          Code::kNotFound,
          "secret \"broken\": no credentials for a.io/x "
          "(/secrets/broken: a.io: auth: expected base64 of user:password)"));
  EXPECT_THAT(Find("a.io/x", "none"),
              StatusIs(Code::kNotFound,
                       "secret \"none\": /secrets/none: open: no such file or "
                       "directory"));
}

TEST_F(CredentialFinderTest, LeavesTheFolderOfSecretsForNoName) {
  Put("/one", ConfigOf("a.io", "u"));
  Put("/secrets/..data/a", ConfigOf("a.io", "u"));
  ASSERT_THAT(Make({.secrets_dir = "/secrets"}), IsOk());

  for (const std::string name :
       {"..", ".", "../one", "/one", "..data", "a/b", "a\nb"}) {
    EXPECT_THAT(Find("a.io/x", name),
                StatusIs(Code::kInvalidArgument,
                         HasSubstr("invalid name: expected a file name")))
        << name;
  }
}

TEST_F(CredentialFinderTest, SaysThatASecretNeedsTheFolder) {
  ASSERT_THAT(Make({}), IsOk());

  EXPECT_THAT(Find("a.io/x", "team"),
              StatusIs(Code::kInvalidArgument,
                       "secret \"team\": missing --secrets-dir"));
}

TEST_F(CredentialFinderTest, AsksThePluginsBehindTheFiles) {
  Put("/one", ConfigOf("a.io", "file"));
  Put("/providers.yaml", Providers({"b", "a"}));
  Put("/bin/a", "");
  AnswerWithNames();
  ASSERT_THAT(Make({.docker_configs = {"/one"},
                    .provider_config = "/providers.yaml",
                    .provider_bin_dir = "/bin"}),
              IsOk());

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("file of /one: a.io",
                                                       "/bin/b of plugin b",
                                                       "/bin/a of plugin a")));
  EXPECT_THAT(Find("b.io/x"), IsOkAndHolds(IsEmpty()));
}

TEST_F(CredentialFinderTest, CountsOnTheOthersWhenAPluginIsMissing) {
  Put("/one", ConfigOf("a.io", "file"));
  Put("/providers.yaml", Providers({"a"}));
  Put("/bin/other", "");
  ASSERT_THAT(Make({.docker_configs = {"/one"},
                    .provider_config = "/providers.yaml",
                    .provider_bin_dir = "/bin"}),
              IsOk());

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("file of /one: a.io")));
  EXPECT_THAT(log_, ElementsAre(HasSubstr("plugin a: /bin/a: start: no such")));
}

TEST_F(CredentialFinderTest, LeavesOutAPluginForServiceAccounts) {
  Put("/providers.yaml",
      Providers({"a"}) +
          "  tokenAttributes:\n    requireServiceAccount: true\n");
  Put("/bin/a", "");
  AnswerWithNames();
  ASSERT_THAT(
      Make({.provider_config = "/providers.yaml", .provider_bin_dir = "/bin"}),
      IsOk());

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(
      log_,
      ElementsAre(HasSubstr("plugin a: not supported: requires a pod's")));
}

TEST_F(CredentialFinderTest, NeedsBothOptionsOfPluginsOrNeither) {
  EXPECT_THAT(Make({.provider_config = "/providers.yaml"}),
              StatusIs(Code::kInvalidArgument,
                       "--image-credential-provider-config: requires "
                       "--image-credential-provider-bin-dir"));
  EXPECT_THAT(Make({.provider_bin_dir = "/bin"}),
              StatusIs(Code::kInvalidArgument,
                       "--image-credential-provider-bin-dir: requires "
                       "--image-credential-provider-config"));
}

TEST_F(CredentialFinderTest, RefusesAWrongProviderConfig) {
  Put("/file", "");
  Put("/wrong.yaml", "kind: Pod");
  Put("/good.yaml", Providers({"a"}));
  const auto refused = [this](const std::string& config,
                              const std::string& folder,
                              const std::string& why) {
    EXPECT_THAT(Make({.provider_config = config, .provider_bin_dir = folder}),
                StatusIs(Code::kInvalidArgument, StartsWith(why)));
  };

  refused("/none.yaml", "/", "/none.yaml: open: no such file");
  refused("/wrong.yaml", "/", "/wrong.yaml:1: apiVersion: missing");
  refused("/good.yaml", "/none", "/none: open: no such file");
  refused("/good.yaml", "/file", "/file: not a directory");
}

TEST_F(CredentialFinderTest, ListsItsSources) {
  Put("/one", ConfigOf("https://user:hidden@a.io", "hidden"));
  Put("/secrets/team/config.json", ConfigOf("b.io", "hidden"));
  Put("/providers.yaml", Providers({"ecr"}));
  Put("/bin/ecr", "");
  ASSERT_THAT(Make({.docker_configs = {"/one"},
                    .secrets_dir = "/secrets",
                    .provider_config = "/providers.yaml",
                    .provider_bin_dir = "/bin"}),
              IsOk());

  EXPECT_THAT(finder_->Sources(),
              ElementsAre("/one: a.io", "/secrets/team/config.json: b.io",
                          "plugin ecr: a.io"));
}

}  // namespace
}  // namespace prepull
