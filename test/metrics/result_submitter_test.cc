#include "prepull/metrics/result_submitter.h"

#include <gmock/gmock.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "src/metrics/wire.h"
#include "test/metrics/submit_stream.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

AttemptResult Parsed(const std::string& message) {
  return FromBytes(ToBuffer(message)).value_or(AttemptResult{});
}

class ResultSubmitterTest : public testing::Test {
 protected:
  ResultSubmitterTest() {
    StartLog({.write = [this](absl::string_view line) {
      MutexLock lock(mutex_);
      absl::StrAppend(&log_, line, "\n");
    }});
    run_.EnterList({{.image = "quay.io/a:1"}, {.image = "quay.io/a:2"}});
  }
  ~ResultSubmitterTest() override {
    submitter_.reset();
    StartLog({});
  }

  void Start(const std::string& endpoint, size_t queue = 100,
             absl::Duration last_timeout = absl::Seconds(20)) {
    submitter_.emplace(
        SubmitOptions{
            .endpoint = endpoint, .queue = queue, .last_timeout = last_timeout},
        clock_, stop_.get_token());
    submitter_->OnStarted(run_);
  }

  void Begin(size_t place) {
    ImageOutcome& image = run_.images()[place];
    ++image.attempts;
    run_.Move(image, ImageState::kPulling);
    submitter_->OnAttempt(run_, image);
  }
  void Fail(size_t place) {
    ImageOutcome& image = run_.images()[place];
    image.reason = Reason::kNotFound;
    image.message = "manifest unknown";
    run_.Move(image, ImageState::kWaiting);
    submitter_->OnRetry(run_, image, absl::Seconds(1));
  }
  void Pull(size_t place) {
    ImageOutcome& image = run_.images()[place];
    run_.Move(image, ImageState::kPulled);
    submitter_->OnEnded(run_, image);
  }
  void EndRun() {
    run_.End({}, clock_.WallNow());
    submitter_->OnRunEnded(run_);
    submitter_->AwaitLast();
  }

  std::string log() {
    MutexLock lock(mutex_);
    return log_;
  }

  Mutex mutex_;
  std::string log_;
  SystemClock clock_;
  std::stop_source stop_;
  class Run run_ {
    RunStart { .id = "0123456789", .node = "worker-1" }
  };
  std::optional<ResultSubmitter> submitter_;
};

TEST_F(ResultSubmitterTest, SendsAFailedAttemptAsItEnds) {
  RecordingServer server;
  Start(server.endpoint());
  Begin(0);
  Fail(0);

  const AttemptResult result = Parsed(server.AwaitMessages(1)[0]);

  EXPECT_EQ(result.image, "quay.io/a:1");
  EXPECT_EQ(result.error, "NotFound: manifest unknown");
  EXPECT_EQ(result.node, "worker-1");
  EXPECT_EQ(result.size_bytes, 0);
  EXPECT_GT(result.started_at, 1'700'000'000);
  EXPECT_THAT(result.attempt_id, AllOf(SizeIs(36), HasSubstr("-8")));
}

TEST_F(ResultSubmitterTest, SendsAPulledImageAtOnceWithItsSize) {
  RecordingServer server;
  Start(server.endpoint());
  submitter_->AskSizes(
      [](const std::string& image_ref, const std::stop_token&) {
        return image_ref == "sha256:a" ? std::optional<int64_t>(12345678901)
                                       : std::nullopt;
      });
  Begin(0);
  run_.images()[0].image_ref = "sha256:a";
  Pull(0);

  const AttemptResult result = Parsed(server.AwaitMessages(1)[0]);

  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.size_bytes, 12345678901);
  Pull(0);  // the last look at the node tells it again
  EndRun();
  EXPECT_THAT(server.messages(), SizeIs(1));
  EXPECT_THAT(log(), AllOf(HasSubstr("info attempts submitted"),
                           HasSubstr("attempts=1")));
}

TEST_F(ResultSubmitterTest, DoesNotWaitForARuntimeThatDoesNotSaySizes) {
  RecordingServer server;
  Start(server.endpoint());
  submitter_->AskSizes([](const std::string&, const std::stop_token& stop) {
    Wakeup stopped;
    const std::stop_callback wake(stop, [&stopped] { stopped.Notify(); });
    SystemClock().WaitUntil(Instant::Never(), stopped);
    return std::nullopt;
  });
  Begin(0);
  run_.images()[0].image_ref = "sha256:a";
  Pull(0);
  stop_.request_stop();
  EndRun();

  EXPECT_THAT(log(), HasSubstr("warn attempts not submitted "));
}

// Field number and type, then the value, as image-prefetcher's server has them.
TEST_F(ResultSubmitterTest, SendsWhatTheSchemaSays) {
  RecordingServer server;
  Start(server.endpoint());
  Begin(0);
  Fail(0);

  const std::string message = server.AwaitMessages(1)[0];

  const AttemptResult result = Parsed(message);
  ASSERT_GT(result.started_at, 1'700'000'000);
  const std::string hex = absl::BytesToHexString(message);
  EXPECT_THAT(hex,
              StartsWith(absl::StrCat(
                  "0a24", absl::BytesToHexString(result.attempt_id), "10")));
  EXPECT_THAT(hex, HasSubstr(absl::StrCat(
                       "1a0b", absl::BytesToHexString("quay.io/a:1"), "221a",
                       absl::BytesToHexString("NotFound: manifest unknown"))));
  EXPECT_THAT(
      hex, HasSubstr(absl::StrCat("3208", absl::BytesToHexString("worker-1"))));
}

TEST_F(ResultSubmitterTest, GivesEachAttemptAnIdOfItsOwn) {
  RecordingServer server;
  Start(server.endpoint());
  for (int i = 0; i < 3; ++i) {
    for (const size_t place : {0, 1}) {
      Begin(place);
      Fail(place);
    }
  }
  EndRun();

  std::set<std::string> ids;
  for (const std::string& message : server.messages()) {
    ids.insert(Parsed(message).attempt_id);
  }
  EXPECT_THAT(ids, SizeIs(6));
}

TEST_F(ResultSubmitterTest, SendsNothingOfAnImageThatWasThere) {
  RecordingServer server;
  Start(server.endpoint());
  run_.Move(run_.images()[0], ImageState::kSkipped);
  submitter_->OnEnded(run_, run_.images()[0]);
  EndRun();

  EXPECT_THAT(server.messages(), IsEmpty());
}

TEST_F(ResultSubmitterTest, SaysOfABrokenOffAttemptWhy) {
  RecordingServer server;
  Start(server.endpoint());
  Begin(0);
  run_.BreakOff({ExitCode::kStopped, Phase::kTimedOut}, Reason::kTimeout,
                clock_.Now(), clock_.WallNow());
  submitter_->OnRunEnded(run_);
  submitter_->AwaitLast();

  ASSERT_THAT(server.messages(), SizeIs(1));
  EXPECT_EQ(Parsed(server.messages()[0]).error, "Timeout");
}

TEST_F(ResultSubmitterTest, SendsAgainWhatWasNotTaken) {
  RecordingServer server;
  server.Script({{grpc::StatusCode::UNAVAILABLE, "not today"}});
  Start(server.endpoint());
  Begin(0);
  Fail(0);
  server.AwaitMessages(1);
  EndRun();

  ASSERT_THAT(server.messages(), SizeIs(2));
  EXPECT_EQ(server.messages()[0], server.messages()[1]);
  EXPECT_THAT(log(), AllOf(HasSubstr("warn attempts not submitted yet"),
                           HasSubstr("not today"),
                           HasSubstr("info attempts submitted")));
}

TEST_F(ResultSubmitterTest, DropsTheOldestOfTooMany) {
  RecordingServer server;
  server.Hold();
  Start(server.endpoint(), /*queue=*/3, absl::Milliseconds(200));
  Begin(0);
  Fail(0);
  server.AwaitMessages(1);  // on its way, not in the queue
  for (int i = 0; i < 10; ++i) {
    Begin(1);
    Fail(1);
  }
  EndRun();

  EXPECT_THAT(log(), HasSubstr("the oldest are dropped"));
  EXPECT_THAT(log(), HasSubstr("attempts=11"));
}

TEST_F(ResultSubmitterTest, GivesUpAServerThatIsNotThere) {
  Start("127.0.0.1:1", 100, absl::Milliseconds(300));
  Begin(0);
  Fail(0);
  EndRun();

  EXPECT_THAT(
      log(), AllOf(HasSubstr("warn attempts not submitted "),
                   HasSubstr("endpoint=127.0.0.1:1"), HasSubstr("attempts=1")));
}

TEST_F(ResultSubmitterTest, GivesUpSoonAfterAStop) {
  RecordingServer server;
  server.Hold();
  Start(server.endpoint(), 100, absl::Minutes(5));
  Begin(0);
  Fail(0);
  server.AwaitMessages(1);
  stop_.request_stop();
  const Instant stopped = clock_.Now();
  EndRun();

  EXPECT_LT(clock_.Now() - stopped, absl::Seconds(20));
  EXPECT_THAT(log(), HasSubstr("warn attempts not submitted "));
}

TEST_F(ResultSubmitterTest, DoesNothingWithoutAnEndpoint) {
  Start("");
  Begin(0);
  Fail(0);
  EndRun();

  EXPECT_THAT(log(), IsEmpty());
}

}  // namespace
}  // namespace prepull
