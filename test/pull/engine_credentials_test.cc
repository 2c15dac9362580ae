// How the engine goes through the credentials of an image.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pull/engine_fixture.h"
#include "test/support/fake_credentials.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

absl::Status Unauthorized() {
  return absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to resolve "
      "reference \"quay.io/a:1\": pull access denied, repository does not "
      "exist or may require authorization: authorization failed: no basic "
      "auth credentials");
}

class EngineCredentialsTest : public EngineTest {
 protected:
  EngineCredentialsTest() { credentials_ = &finder_; }

  // With whom each pull of `image` was tried; "" is anonymous.
  std::vector<std::string> UsersOf(const std::string& image) {
    std::vector<std::string> users;
    for (const FakeRuntime::Call& call : runtime_.CallsFor(image)) {
      users.push_back(call.username);
    }
    return users;
  }

  FakeCredentials finder_;
};

TEST_F(EngineCredentialsTest, TriesOneAfterAnotherInOneAttempt) {
  finder_.users["quay.io/a:1"] = {"wrong", "right", "spare"};
  runtime_.Script("quay.io/a:1", {{Unauthorized()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(UsersOf("quay.io/a:1"), ElementsAre("wrong", "right"));
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_EQ(AttemptsAt("quay.io/a:1")[1], absl::Seconds(1));  // at once
}

TEST_F(EngineCredentialsTest, IsAnonymousOnlyWhereNoneMatches) {
  finder_.users["quay.io/a:1"] = {"somebody"};

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_THAT(UsersOf("quay.io/a:1"), ElementsAre("somebody"));
  EXPECT_THAT(UsersOf("quay.io/b:1"), ElementsAre(""));
}

TEST_F(EngineCredentialsTest, EndsAfterOneRoundIfNothingChanges) {
  finder_.users["quay.io/a:1"] = {"first", "second"};
  runtime_.Script("quay.io/a:1", {{Unauthorized()}});

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_THAT(UsersOf("quay.io/a:1"), ElementsAre("first", "second"));
  EXPECT_EQ(image(0).reason, Reason::kUnauthorized);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(image(0).message, HasSubstr("(tried first.json, second.json)"));
  EXPECT_THAT(image(0).message, Not(HasSubstr("hidden")));
  EXPECT_EQ(image(1).state, ImageState::kPulled);
  EXPECT_THAT(witness_.ends, SizeIs(2));
}

TEST_F(EngineCredentialsTest, ARefusalIsNoLastWordWhileASourceCannotBeRead) {
  finder_.unread = "plugin ecr: /bin/ecr: ended with exit code 1";
  runtime_.Script("quay.io/a:1", {{Unauthorized()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_EQ(image(0).reason, Reason::kUnauthorized);
  EXPECT_THAT(image(0).message, HasSubstr(finder_.unread));
  EXPECT_GT(image(0).attempts, 20);
  EXPECT_LT(image(0).attempts, 40);
}

TEST_F(EngineCredentialsTest, SaysAfterARefusalWhichSourceHasNone) {
  finder_.empty = "/secrets/team: empty folder";
  runtime_.Script("quay.io/a:1", {{Unauthorized()}});

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(image(0).message, HasSubstr("(/secrets/team: empty folder)"));
  EXPECT_EQ(image(1).message, "");
}

TEST_F(EngineCredentialsTest, WhatASourceHasOnceItCanBeReadIsTried) {
  finder_.unread = "plugin ecr: /bin/ecr: ended with exit code 1";
  runtime_.Script("quay.io/a:1", {{Unauthorized()}, {Unauthorized()}, {}});
  clock_.After(absl::Milliseconds(2500), [this] {
    finder_.unread = "";
    finder_.users["quay.io/a:1"] = {"late"};
  });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(UsersOf("quay.io/a:1"), ElementsAre("", "", "late"));
}

TEST_F(EngineCredentialsTest, ASourceThatFailsAfterARefusalIsWaitedFor) {
  finder_.users["quay.io/a:1"] = {"old"};
  runtime_.Script("quay.io/a:1", {{Unauthorized()}, {Unauthorized()}, {}});
  clock_.After(absl::Milliseconds(1500),
               [this] { finder_.unread = "half written"; });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

TEST_F(EngineCredentialsTest, ASecretThatCannotBeReadNowIsTriedAgain) {
  finder_.broken_secrets["team"] = absl::UnavailableError("half written");
  finder_.users["quay.io/a:1"] = {"own"};
  clock_.After(absl::Milliseconds(500),
               [this] { finder_.broken_secrets.clear(); });

  ImageRequest request = {"quay.io/a:1", "images.txt:1",
                          Reference::Parse("quay.io/a:1")};
  request.options.secret = "team";
  FetchRequests({request});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(UsersOf("quay.io/a:1"), ElementsAre("own"));
}

TEST_F(EngineCredentialsTest, SaysWhichCredentialsWereRefused) {
  finder_.users["quay.io/a:1"] = {"first", "second", "third"};
  runtime_.Script("quay.io/a:1", {{Unauthorized()}, {Refused()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(finder_.refused, ElementsAre("first"));
}

TEST_F(EngineCredentialsTest, NewCredentialsThatAreRefusedAgainAndAgainEndIt) {
  // As a plugin gives a new token each time it is asked.
  int token = 0;
  finder_.on_find = [&] {
    finder_.users["quay.io/a:1"] = {absl::StrCat("token ", ++token)};
  };
  runtime_.Script("quay.io/a:1", {{Unauthorized()}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_EQ(image(0).reason, Reason::kUnauthorized);
  EXPECT_THAT(UsersOf("quay.io/a:1"), SizeIs(3));
}

TEST_F(EngineCredentialsTest, HidesASecretThatTheAnswerRepeats) {
  finder_.users["quay.io/a:1"] = {"somebody"};
  runtime_.Script("quay.io/a:1",
                  {{absl::UnknownError(
                      "no such password: hidden (c29tZWJvZHk6aGlkZGVu): 401 "
                      "Unauthorized")}});

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(image(0).message, HasSubstr("no such password: *** (***)"));
}

TEST_F(EngineCredentialsTest, LooksOnceMoreForASecretThatWasRotated) {
  finder_.users["quay.io/a:1"] = {"old"};
  runtime_.Script("quay.io/a:1", {{Unauthorized()}, {}});
  clock_.After(absl::Milliseconds(1500),
               [this] { finder_.users["quay.io/a:1"] = {"new"}; });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(UsersOf("quay.io/a:1"), ElementsAre("old", "new"));
  EXPECT_EQ(image(0).attempts, 2);
  EXPECT_EQ(AttemptsAt("quay.io/a:1")[1], absl::Seconds(2));
}

TEST_F(EngineCredentialsTest, ReadsThemAgainForEachRound) {
  finder_.users["quay.io/a:1"] = {"old"};
  runtime_.Script("quay.io/a:1", {{Refused()}, {}});
  clock_.After(absl::Milliseconds(1500),
               [this] { finder_.users["quay.io/a:1"] = {"new"}; });

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(UsersOf("quay.io/a:1"), ElementsAre("old", "new"));
}

TEST_F(EngineCredentialsTest, TriesThemAllAgainAfterAnotherKindOfFailure) {
  finder_.users["quay.io/a:1"] = {"first", "second"};
  runtime_.Script("quay.io/a:1",
                  {{Unauthorized()}, {Refused()}, {Unauthorized()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(UsersOf("quay.io/a:1"),
              ElementsAre("first", "second", "first", "second"));
}

TEST_F(EngineCredentialsTest, ASecretThatCannotBeUsedIsItsImagesFailure) {
  finder_.broken_secrets["team"] =
      absl::NotFoundError("secret team: no such file");

  ImageRequest request = {"quay.io/a:1", "images.txt:1",
                          Reference::Parse("quay.io/a:1")};
  request.options.secret = "team";
  FetchRequests({request});

  EXPECT_EQ(finder_.last_secret, "team");
  EXPECT_THAT(runtime_.calls(), IsEmpty());
  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_EQ(image(0).reason, Reason::kUnauthorized);
  EXPECT_THAT(image(0).message, HasSubstr("secret team: no such file"));
  EXPECT_EQ(image(0).attempts, 0);
}

TEST_F(EngineCredentialsTest, AStopEndsARunThatWaitsForCredentials) {
  finder_.answers = false;
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_EQ(Elapsed(), absl::Seconds(5));
  EXPECT_EQ(image(0).state, ImageState::kStopped);
  EXPECT_THAT(witness_.ends, SizeIs(1));
}

TEST_F(EngineCredentialsTest, NoAttemptTimeoutCutsASlowPlugin) {
  finder_.answers = false;
  overall_timeout_ = absl::Minutes(2);

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(finder_.asked, 1);
  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
}

}  // namespace
}  // namespace prepull
