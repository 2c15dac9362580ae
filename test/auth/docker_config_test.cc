#include "src/auth/docker_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
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

DockerConfig Read(const std::string& text) {
  const absl::StatusOr<DockerConfig> config = ParseDockerConfig(text, "f");
  EXPECT_THAT(config, IsOk());
  return config.value_or(DockerConfig{});
}

// The one account of an entry.
Credential ReadEntry(const std::string& entry) {
  const DockerConfig config =
      Read(absl::StrCat(R"({"auths":{"a.io":)", entry, "}}"));
  EXPECT_THAT(config.warnings, IsEmpty());
  if (config.entries.size() != 1) {
    ADD_FAILURE() << config.entries.size() << " entries";
    return {};
  }
  return config.entries[0].credential;
}

// Why an entry cannot be used.
std::string Complaint(const std::string& entry) {
  const DockerConfig config =
      Read(absl::StrCat(R"({"auths":{"a.io":)", entry, "}}"));
  EXPECT_THAT(config.entries, IsEmpty());
  if (config.warnings.size() != 1) return "";
  return config.warnings[0];
}

MATCHER_P2(IsAccount, username, password, "") {
  return arg == Credential{.username = username, .password = password};
}

MATCHER_P(IsFrom, source, "") { return arg.credential.source == source; }

TEST(DockerConfigTest, ReadsUserAndPassword) {
  const Credential read =
      ReadEntry(R"({"username":"u","password":"p:q","email":"e"})");

  EXPECT_THAT(read, IsAccount("u", "p:q"));
  EXPECT_EQ(read.source, "f: a.io");
}

TEST(DockerConfigTest, DecodesAuth) {
  // user:pa:ss, user:p and user:pwd; with, without and with two paddings.
  EXPECT_THAT(ReadEntry(R"({"auth":"dXNlcjpwYTpzcw=="})"),
              IsAccount("user", "pa:ss"));
  EXPECT_THAT(ReadEntry(R"({"auth":"dXNlcjpwYTpzcw"})"),
              IsAccount("user", "pa:ss"));
  EXPECT_THAT(ReadEntry(R"({"auth":"dXNlcjpwd2Q="})"),
              IsAccount("user", "pwd"));
  EXPECT_THAT(ReadEntry(R"({"auth":"dXNl\ncjpw\r\nd2Q=\n"})"),
              IsAccount("user", "pwd"));
}

TEST(DockerConfigTest, LetsAuthWinOverUserAndPassword) {
  EXPECT_THAT(
      ReadEntry(R"({"auth":"dXNlcjpwd2Q=","username":"x","password":"y"})"),
      IsAccount("user", "pwd"));
  EXPECT_THAT(ReadEntry(R"({"auth":"","username":"x","password":"y"})"),
              IsAccount("x", "y"));
}

TEST(DockerConfigTest, ReadsTokens) {
  EXPECT_EQ(ReadEntry(R"({"registrytoken":"t"})"),
            (Credential{.registry_token = "t"}));
  EXPECT_EQ(ReadEntry(R"({"identitytoken":"t"})"),
            (Credential{.identity_token = "t"}));
}

TEST(DockerConfigTest, DropsThePlaceholderUserBesideAnIdentityToken) {
  // As `az acr login` leaves it: 00000000-0000-0000-0000-000000000000: .
  const std::string auth =
      absl::Base64Escape("00000000-0000-0000-0000-000000000000:");

  const Credential read = ReadEntry(
      absl::StrCat(R"({"auth":")", auth, R"(","identitytoken":"t"})"));

  EXPECT_EQ(read, (Credential{.identity_token = "t"}));
}

TEST(DockerConfigTest, SaysWhyAnEntryCannotBeUsed) {
  EXPECT_EQ(Complaint("{}"), "f: a.io: missing username and token");
  EXPECT_EQ(Complaint(R"({"email":"e"})"),
            "f: a.io: missing username and token");
  EXPECT_EQ(Complaint(R"({"password":"p"})"),
            "f: a.io: missing username and token");
  EXPECT_EQ(Complaint(R"({"auth":"%%%"})"),
            "f: a.io: auth: expected base64 of user:password");
  EXPECT_EQ(Complaint(R"({"auth":"dXNlcg=="})"),  // user
            "f: a.io: auth: expected base64 of user:password");
  EXPECT_EQ(Complaint(R"({"auth":"dXNlcjr/"})"),  // user:\xFF
            "f: a.io: auth: expected base64 of user:password");
  EXPECT_EQ(Complaint(R"({"auth":7})"), "f: a.io: auth: expected a string");
  EXPECT_EQ(Complaint("7"), "f: a.io: expected an object");
}

TEST(DockerConfigTest, GoesOnBehindAnEntryThatCannotBeUsed) {
  const DockerConfig config = Read(
      R"({"auths":{"a.io":{"auth":"%"},"":{"username":"u"},
                   "b.io":{"username":"u","password":"p"}}})");

  EXPECT_THAT(config.entries, ElementsAre(IsFrom("f: b.io")));
  EXPECT_THAT(config.warnings,
              ElementsAre("f: a.io: auth: expected base64 of user:password",
                          "f: : missing registry host"));
}

TEST(DockerConfigTest, KeepsTheOrderAndTheLastOfTwoSameKeys) {
  const DockerConfig config = Read(
      R"({"auths":{"b.io":{"username":"1"},"a.io":{"username":"2"},
                   "b.io":{"username":"3"},"https://b.io":{"username":"4"}}})");

  ASSERT_THAT(config.entries, SizeIs(3));
  EXPECT_THAT(config.entries[0].credential, IsAccount("3", ""));
  EXPECT_THAT(config.entries[1].credential, IsAccount("2", ""));
  EXPECT_THAT(config.entries[2].credential, IsAccount("4", ""));
}

TEST(DockerConfigTest, ReadsTheFlatForm) {
  const DockerConfig config = Read(
      R"({"https://index.docker.io/v1/":{"auth":"dXNlcjpwd2Q=","email":"e"},
          "HttpHeaders":{"a":"b"},"x":1})");

  EXPECT_THAT(config.entries, ElementsAre(IsFrom("f: index.docker.io/v1/")));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(DockerConfigTest, NamesTheHelpersItCannotUse) {
  const DockerConfig config = Read(
      R"({"credsStore":"desktop","credHelpers":{"gcr.io":"gcloud"},
          "auths":{}})");

  EXPECT_THAT(
      config.warnings,
      ElementsAre("f: credsStore: unsupported credential helper \"desktop\"",
                  "f: gcr.io: unsupported credential helper \"gcloud\""));
  EXPECT_THAT(Read(R"({"credsStore":"desktop"})").warnings, SizeIs(1));
}

TEST(DockerConfigTest, RefusesWhatIsNoDockerConfig) {
  const auto refused = [](const std::string& text, const std::string& why) {
    EXPECT_THAT(ParseDockerConfig(text, "some/file"),
                StatusIs(Code::kInvalidArgument, "some/file: " + why))
        << text;
  };

  refused("[]", "invalid JSON: expected an object");
  refused("\"secret\"", "invalid JSON: expected an object");
  refused("{}", "missing \"auths\"");
  refused(R"({"auths":[]})", "\"auths\": expected an object");
}

TEST(DockerConfigTest, TellsWhatMayBeHalfWrittenFromWhatIsWrong) {
  const auto unread = [](const std::string& text, const std::string& why) {
    EXPECT_THAT(ParseDockerConfig(text, "some/file"),
                StatusIs(Code::kDataLoss, "some/file: " + why))
        << text;
  };

  unread("", "invalid JSON: incomplete JSON");
  unread(R"({"auths":{"a.io":)", "invalid JSON: incomplete JSON");
  unread("password", "invalid JSON: syntax error");
  unread(std::string(100'000, '['), "invalid JSON: too deep");
}

TEST(DockerConfigTest, TrimsNulsFromAPasswordAsDockerDoes) {
  const auto password = [](const std::string& decoded) {
    const DockerConfig config =
        Read(absl::StrCat(R"({"auths":{"a.io":{"auth":")",
                          absl::Base64Escape(decoded), R"("}}})"));
    return config.entries.at(0).credential.password;
  };

  EXPECT_EQ(password(std::string("u:secret\0\0", 10)), "secret");
  EXPECT_EQ(password(std::string("u:\0secret", 9)), "secret");
  EXPECT_EQ(password(std::string("u:se\0cret", 9)), std::string("se\0cret", 7));
}

TEST(DockerConfigTest, TakesNoMoreEntriesThanASecretHolds) {
  std::string text = R"({"auths":{"a.io":{"username":"u"})";
  for (int i = 0; i < 12'000; ++i) {
    absl::StrAppend(&text, R"(,"a.io/)", i, R"(":{"username":"u"})");
  }

  const DockerConfig config = Read(text + "}}");

  EXPECT_THAT(config.entries, SizeIs(10'000));
  EXPECT_THAT(config.warnings,
              ElementsAre("f: too many entries: only the first 10000 used"));
}

TEST(DockerConfigTest, ShowsNoSecret) {
  const DockerConfig config = Read(
      R"({"auths":{"https://u:hidden@a.io":{"username":"hidden","auth":"hidden"},
                   "b.io?t=hidden":{"password":"hidden"},
                   "c.io":{"username":"u","password":"hidden"}}})");

  ASSERT_THAT(config.entries, SizeIs(1));
  EXPECT_THAT(config.entries[0].credential.source, Not(HasSubstr("hidden")));
  EXPECT_THAT(config.warnings,
              ElementsAre(AllOf(HasSubstr("a.io"), Not(HasSubstr("hidden"))),
                          AllOf(HasSubstr("b.io"), Not(HasSubstr("hidden")))));
}

}  // namespace
}  // namespace prepull
