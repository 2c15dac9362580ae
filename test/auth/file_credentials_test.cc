// Sources of credentials that cannot be read or run at the moment.
#include "src/auth/file_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/auth/credential_finder_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

using UnreadCredentialsTest = CredentialFinderTest;

TEST_F(UnreadCredentialsTest, SaysThatAFileCouldNotBeRead) {
  Put("/half", R"({"auths":{"a.io":)");
  Put("/folder/config.json", "");
  Put("/one", ConfigOf("a.io", "u"));
  const auto unread_of = [this](const std::string& path) {
    EXPECT_THAT(Make({.docker_configs = {path, "/one"}}), IsOk());
    return Unread();
  };

  EXPECT_THAT(unread_of("/none"), StartsWith("/none: open: no such file"));
  EXPECT_THAT(unread_of("/half"), StartsWith("/half: invalid JSON"));
  EXPECT_THAT(unread_of("/folder"),
              StartsWith("/folder/config.json: invalid JSON"));
  EXPECT_EQ(unread_of("/one"), "");
}

TEST_F(UnreadCredentialsTest, AFileThatIsWrongByItselfWasRead) {
  Put("/other.json", R"({"kind":"Pod"})");
  Put("/folder/key.json", R"({"type":"service_account"})");
  ASSERT_THAT(Make({.docker_configs = {"/other.json", "/folder"}}), IsOk());

  EXPECT_EQ(Unread(), "");
  EXPECT_THAT(log_, SizeIs(2));
}

TEST_F(UnreadCredentialsTest, SaysWhichSourceHasNone) {
  Put("/team/ca.crt", "-----BEGIN CERTIFICATE-----");
  Put("/one", ConfigOf("a.io", "u"));
  ASSERT_THAT(Make({.docker_configs = {"/team", "/one"}}), IsOk());

  const CredentialsToTry found = FindLater("a.io/x").get().value();

  EXPECT_THAT(found.credentials, SizeIs(1));
  EXPECT_EQ(found.empty, "/team: no credentials found");
  EXPECT_EQ(found.unread, "");
}

TEST_F(UnreadCredentialsTest, SaysThatAPluginCouldNotBeRun) {
  Put("/one", ConfigOf("a.io", "file"));
  Put("/providers.yaml", Providers({"a", "b"}));
  Put("/bin/a", "");
  host_.child = [](const ChildCommand&, Instant, const std::stop_token&) {
    return ChildOutput{"", 1};
  };
  ASSERT_THAT(Make({.docker_configs = {"/one"},
                    .provider_config = "/providers.yaml",
                    .provider_bin_dir = "/bin"}),
              IsOk());

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("file of /one: a.io")));
  EXPECT_THAT(Unread(), HasSubstr("exited with code 1"));
}

TEST_F(UnreadCredentialsTest, AsksThePluginAnewForWhatWasRefused) {
  Put("/providers.yaml", Providers({"a"}));
  Put("/bin/a", "");
  int runs = 0;
  host_.child = [&runs](const ChildCommand&, Instant, const std::stop_token&) {
    return ChildOutput{absl::StrCat(
        R"({"kind":"CredentialProviderResponse","cacheKeyType":"Registry",)",
        R"("apiVersion":"credentialprovider.kubelet.k8s.io/v1",)",
        R"("cacheDuration":"12h","auth":{"a.io":{"username":"run )", ++runs,
        R"("}}})")};
  };
  ASSERT_THAT(
      Make({.provider_config = "/providers.yaml", .provider_bin_dir = "/bin"}),
      IsOk());
  ASSERT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("run 1 of plugin a")));
  ASSERT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("run 1 of plugin a")));

  finder_->Refused(Reference::Parse("a.io/x").value(), {.username = "run 1"});

  EXPECT_THAT(Find("a.io/x"), IsOkAndHolds(ElementsAre("run 2 of plugin a")));
}

TEST_F(UnreadCredentialsTest, ASecretThatCannotBeReadNowMayComeLater) {
  Put("/secrets/half", R"({"auths":{"a.io":)");
  Put("/secrets/folder/config.json", "{");
  Put("/secrets/other", R"({"kind":"Pod"})");
  ASSERT_THAT(Make({.secrets_dir = "/secrets"}), IsOk());

  EXPECT_THAT(
      Find("a.io/x", "half"),
      StatusIs(Code::kUnavailable,
               StartsWith("secret \"half\": /secrets/half: invalid JSON")));
  EXPECT_THAT(
      Find("a.io/x", "folder"),
      StatusIs(Code::kUnavailable, HasSubstr("config.json: invalid JSON")));
  EXPECT_THAT(Find("a.io/x", "other"), StatusIs(Code::kInvalidArgument));
}

// A file as it lies on a file server that is gone: reading it takes as long as
// the test wants.
class HangingFile : public FakeFileSystem {
 public:
  absl::StatusOr<std::string> ReadFile(const std::string& path,
                                       int64_t limit) override {
    is_read.Notify();
    comes_back.WaitFor(absl::InfiniteDuration());
    return FakeFileSystem::ReadFile(path, limit);
  }

  Wakeup is_read;
  Wakeup comes_back;
};

TEST_F(UnreadCredentialsTest, AFileThatHangsHoldsUpNobodyButItsQuestion) {
  HangingFile files;
  ASSERT_THAT(files.WriteFileAtomically("/one", ConfigOf("a.io", "u")), IsOk());
  finder_ =
      MakeCredentialFinder({.docker_configs = {"/one"}}, files, host_, clock_)
          .value();

  auto found = FindLater("a.io/x");
  files.is_read.WaitFor(absl::InfiniteDuration());
  files.comes_back.Notify();

  EXPECT_THAT(found.get()->credentials, SizeIs(1));
}

TEST_F(UnreadCredentialsTest, AFinderGoesThoughAFileHangs) {
  HangingFile files;
  ASSERT_THAT(files.WriteFileAtomically("/one", ConfigOf("a.io", "u")), IsOk());
  finder_ =
      MakeCredentialFinder({.docker_configs = {"/one"}}, files, host_, clock_)
          .value();
  auto hanging = FindLater("a.io/x");
  auto behind = FindLater("a.io/y");
  files.is_read.WaitFor(absl::InfiniteDuration());

  finder_.reset();

  EXPECT_THAT(behind.get(), StatusIs(Code::kCancelled));
  files.comes_back.Notify();
  EXPECT_THAT(hanging.get(), StatusIs(Code::kCancelled));
}

}  // namespace
}  // namespace prepull
