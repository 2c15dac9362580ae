// What may cross an attempt round: a cancel, a restart, a removal that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/pull/pull_round.h"
#include "test/pull/engine_fixture.h"
#include "test/support/fake_credentials.h"

namespace prepull {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

absl::Status RefusedByRegistry() {
  return absl::UnknownError("pull access denied: no basic auth credentials");
}

// What the runtime says when a removal finds nothing to remove.
absl::Status NoSnapshot() {
  return absl::NotFoundError("snapshot sha256:11 does not exist: not found");
}

class RoundTest : public EngineTest {
 protected:
  std::vector<std::string> UsersOf(const std::string& image) {
    std::vector<std::string> users;
    for (const auto& call : runtime_.CallsFor(image)) {
      users.push_back(call.username);
    }
    return users;
  }
  FakeCredentials finder_;
};

TEST_F(RoundTest, ARestartDuringARemovalIsNoNegativeAttempt) {
  runtime_.Store("quay.io/a:1");
  options_.repull_present = true;
  runtime_.FailRemoveImage({SocketGone(), SocketGone(), SocketGone()});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).attempts, 1);
}

TEST_F(RoundTest, ACutThatMeetsARefusalStillTriesTheNextCredential) {
  credentials_ = &finder_;
  finder_.users["quay.io/a:1"] = {"wrong", "right"};
  options_.retry.first_timeout = absl::Seconds(10);
  options_.retry.max_timeout = absl::Seconds(10);
  runtime_.EndCancelledAfter(absl::Seconds(5));
  runtime_.Script(
      "quay.io/a:1",
      {{RefusedByRegistry(), absl::Seconds(12)}, {RefusedByRegistry()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(UsersOf("quay.io/a:1"), Contains("right"));
  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

// Else it would be the probe for the others, and let them all in.
TEST_F(RoundTest, ABrokenSecretIsNoAnswerOfTheRegistry) {
  credentials_ = &finder_;
  finder_.broken_secrets["team"] = absl::NotFoundError("no such file");
  std::vector<ImageRequest> requests;
  for (const std::string name : {"a", "b", "c"}) {
    const std::string image = absl::StrCat("quay.io/", name, ":1");
    requests.push_back({image, "images.txt:1", Reference::Parse(image)});
    runtime_.Script(image, {{RateLimited()}, {RateLimited()}, {}});
  }
  requests[0].options.secret = "team";

  FetchRequests(requests);

  EXPECT_NE(AttemptsAt("quay.io/b:1")[1], AttemptsAt("quay.io/c:1")[1]);
}

TEST_F(RoundTest, NoPullBeginsAfterACancel) {
  class Late : public CredentialFinder {
   public:
    void Find(const Reference&, const std::string&, Done to) override {
      done = std::move(to);
    }
    void Refused(const Reference&, const Credential&) override {}
    std::vector<std::string> Sources() override { return {}; }
    Done done;
  } finder;
  TaskRunner tasks;
  ImageRemover remover(runtime_, tasks.poster());
  const ImageRequest request = {"quay.io/a:1", "",
                                Reference::Parse("quay.io/a:1")};
  int ends = 0;
  PullRound round({.request = request, .lease_id = ""},
                  {.runtime = runtime_,
                   .credentials = &finder,
                   .remover = remover,
                   .poster = tasks.poster(),
                   .on_removed = [] {},
                   .on_pull = [] {},
                   .done = [&](const RoundEnd&) { ++ends; }});
  round.Start();

  finder.done(CredentialsToTry());
  round.Cancel();
  tasks.RunPending();

  EXPECT_EQ(ends, 1);
  EXPECT_THAT(runtime_.calls(), IsEmpty());
}

TEST_F(RoundTest, WhatIsNotUsableIsNeverRescued) {
  runtime_.Store("quay.io/a:1");
  before_.not_usable = {"quay.io/a:1"};
  runtime_.FailRemoveImage({NoSnapshot(), NoSnapshot()});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(image(0).state, ImageState::kFailed);
  EXPECT_THAT(run_.not_usable(), Contains("quay.io/a:1"));
}

TEST_F(RoundTest, WhatWasToBeReplacedAndWasNotIsNoSuccess) {
  runtime_.Store("quay.io/a:1");
  options_.repull_present = true;
  runtime_.FailRemoveImage({NoSnapshot()});

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(run_.exit_code(), Not(ExitCode::kOk));
}

TEST_F(RoundTest, TwoImagesShareARemovalThatFailsForEver) {
  runtime_.Store(StoredImage{.id = "sha256:1",
                             .repo_tags = {"quay.io/a:1", "quay.io/a:latest"}});
  options_.repull_present = true;
  options_.retry.max_attempts = 2;
  runtime_.FailRemoveImage(
      std::deque<absl::Status>(4, absl::UnknownError("in use")));

  Fetch({"quay.io/a:1", "quay.io/a:latest"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
}

TEST_F(RoundTest, OneAttemptGoesThroughAllCredentials) {
  credentials_ = &finder_;
  options_.retry.max_attempts = 1;
  finder_.users["quay.io/a:1"] = {"x", "y", "z"};
  runtime_.Script("quay.io/a:1",
                  {{RefusedByRegistry()}, {RefusedByRegistry()}, {}});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
}

}  // namespace
}  // namespace prepull
