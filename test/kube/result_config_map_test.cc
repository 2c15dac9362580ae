#include "prepull/kube/result_config_map.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/mutex.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/runs.h"
#include "test/support/shared_clock.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Answers on the thread that asks, at once or when it is released.
class SharedHttpClient : public HttpClient {
 public:
  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop) override {
    const std::stop_callback wake(stop, [this] {
      MutexLock lock(mutex_);
      changed_.notify_all();
    });
    MutexLock lock(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
    if (on_asked_) on_asked_();
    while (is_held_ && !stop.stop_requested()) changed_.wait(mutex_);
    if (stop.stop_requested()) return absl::CancelledError("interrupted");
    const int status = statuses_.front();
    if (statuses_.size() > 1) statuses_.pop_front();
    ++answers_;
    changed_.notify_all();
    return HttpResponse{.status = status};
  }

  // Behind them the last repeats.
  void Script(std::deque<int> statuses) {
    MutexLock lock(mutex_);
    statuses_ = std::move(statuses);
  }
  // Called within each request.
  void OnAsked(std::function<void()> on_asked) {
    MutexLock lock(mutex_);
    on_asked_ = std::move(on_asked);
  }
  void Hold(bool is_held) {
    MutexLock lock(mutex_);
    is_held_ = is_held;
    changed_.notify_all();
  }
  void AwaitAsked(size_t count) {
    MutexLock lock(mutex_);
    while (requests_.size() < count) changed_.wait(mutex_);
  }
  void AwaitAnswered(int count) {
    MutexLock lock(mutex_);
    while (answers_ < count) changed_.wait(mutex_);
  }
  std::vector<HttpRequest> requests() {
    MutexLock lock(mutex_);
    return requests_;
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<int> statuses_ ABSL_GUARDED_BY(mutex_) = {200};
  std::vector<HttpRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_asked_ ABSL_GUARDED_BY(mutex_);
  bool is_held_ ABSL_GUARDED_BY(mutex_) = false;
  int answers_ ABSL_GUARDED_BY(mutex_) = 0;
};

class ResultConfigMapTest : public testing::Test {
 protected:
  ResultConfigMapTest() {
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
    host_.environment["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
    EXPECT_THAT(files_.WriteFileAtomically("/sa/token", "token-1"), IsOk());
    EXPECT_THAT(files_.WriteFileAtomically("/sa/namespace", "team"), IsOk());
  }
  ~ResultConfigMapTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  // It says how many images are pulled.
  std::unique_ptr<ResultConfigMap> Result(absl::Duration every,
                                          const std::string& name = "result") {
    return std::make_unique<ResultConfigMap>(
        ResultOptions{
            .config_map = name, .every = every, .service_account_dir = "/sa"},
        [](prepull::Run run, Instant, absl::Time) {
          return ResultTexts{.document = "{}\n",
                             .summary = absl::StrCat(run.counts().pulled)};
        },
        ResultConfigMap::Seams{host_, files_, clock_, http_},
        stop_.get_token());
  }

  static prepull::Run Pulled(int64_t count) {
    return RunWith({.pulled = count});
  }
  prepull::Run Ended(int64_t count) {
    prepull::Run run = Pulled(count);
    run.End({.code = ExitCode::kOk}, clock_.WallNow());
    return run;
  }
  static std::string PatchOf(int64_t count) {
    return absl::StrCat(R"({"data":{"status.json":"{}\n","summary":")", count,
                        R"("}})");
  }
  std::vector<std::string> Bodies() {
    std::vector<std::string> bodies;
    for (const HttpRequest& request : http_.requests()) {
      bodies.push_back(request.body);
    }
    return bodies;
  }

  SharedClock clock_;
  FakeHost host_;
  FakeFileSystem files_;
  SharedHttpClient http_;
  std::stop_source stop_;
  std::vector<std::string> warnings_;
};

TEST_F(ResultConfigMapTest, IsWrittenAtTheEnd) {
  const auto result = Result(absl::ZeroDuration());

  result->OnStarted(Pulled(0));
  EXPECT_EQ(result->OnTurn(Pulled(1), clock_.Now()), Instant::Never());
  result->OnRunEnded(Ended(2));
  result->OnFinished(Ended(2), clock_.Now());
  result->AwaitLast();

  const std::vector<HttpRequest> requests = http_.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].method, "PATCH");
  EXPECT_EQ(requests[0].url,
            "https://10.0.0.1:443/api/v1/namespaces/team/configmaps/result");
  EXPECT_EQ(requests[0].headers[2].value, "application/merge-patch+json");
  EXPECT_EQ(requests[0].body, PatchOf(2));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ResultConfigMapTest, IsWrittenEverySoOftenAsWell) {
  const auto result = Result(absl::Seconds(5));
  const Instant start = clock_.Now();

  result->OnStarted(Pulled(0));
  http_.AwaitAnswered(1);
  EXPECT_EQ(result->OnTurn(Pulled(1), clock_.Now()), start + absl::Seconds(5));
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(result->OnTurn(Pulled(2), clock_.Now()), start + absl::Seconds(10));
  http_.AwaitAnswered(2);
  result->OnRunEnded(Ended(3));
  result->AwaitLast();

  EXPECT_THAT(Bodies(), ElementsAre(PatchOf(0), PatchOf(2), PatchOf(3)));
}

TEST_F(ResultConfigMapTest, KeepsOnlyTheNewestWhileTheServerIsSlow) {
  const auto result = Result(absl::Seconds(1));
  http_.Hold(true);
  result->OnStarted(Pulled(0));
  http_.AwaitAsked(1);

  for (int i = 1; i <= 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    result->OnTurn(Pulled(i), clock_.Now());
  }
  http_.Hold(false);
  http_.AwaitAnswered(2);

  EXPECT_THAT(Bodies(), ElementsAre(PatchOf(0), PatchOf(3)));
}

TEST_F(ResultConfigMapTest, PutsTheLastStateInPlaceOfAWriteUnderWay) {
  const auto result = Result(absl::Seconds(1));
  http_.Hold(true);
  result->OnStarted(Pulled(0));
  http_.AwaitAsked(1);

  result->OnRunEnded(Ended(9));
  http_.AwaitAsked(2);
  http_.Hold(false);
  result->AwaitLast();

  EXPECT_THAT(Bodies(), ElementsAre(PatchOf(0), PatchOf(9)));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ResultConfigMapTest, HasTenSecondsForEachWrite) {
  const auto result = Result(absl::ZeroDuration());
  http_.Script({500});
  // With a try in it, nothing is left of the time.
  http_.OnAsked([this] { clock_.Advance(absl::Seconds(10)); });

  result->OnStarted(Pulled(0));
  result->OnRunEnded(Ended(1));
  result->AwaitLast();

  EXPECT_THAT(http_.requests(), SizeIs(1));
  EXPECT_THAT(warnings_,
              ElementsAre(AllOf(HasSubstr("result not written"),
                                HasSubstr("the API server answered 500"))));
}

TEST_F(ResultConfigMapTest, HasASecondInARunThatWasStopped) {
  const auto result = Result(absl::ZeroDuration());
  stop_.request_stop();

  result->OnStarted(Pulled(0));
  const Instant start = clock_.Now();
  result->OnRunEnded(Ended(1));
  result->AwaitLast();

  const std::vector<HttpRequest> requests = http_.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].limits.until, start + absl::Seconds(1));
}

TEST_F(ResultConfigMapTest, WarnsOnceOfEachErrorAndOnceAtTheEnd) {
  const auto result = Result(absl::Seconds(1));
  http_.Script({404, 404, 403, 404});

  result->OnStarted(Pulled(0));
  for (int i = 1; i <= 4; ++i) {
    http_.AwaitAnswered(i);
    clock_.Advance(absl::Seconds(1));
    result->OnTurn(Pulled(i), clock_.Now());
  }
  http_.AwaitAnswered(5);
  result->OnRunEnded(Ended(5));
  result->AwaitLast();

  const std::string missing =
      "the API server answered 404 (ConfigMap team/result is missing: "
      "'prepull manifest ... --result-configmap' prints it)";
  EXPECT_THAT(
      warnings_,
      ElementsAre(AllOf(HasSubstr("not written yet"), HasSubstr(missing)),
                  AllOf(HasSubstr("not written yet"),
                        HasSubstr("needs \\\"patch\\\" on "
                                  "\\\"configmaps/result\\\" in "
                                  "namespace team")),
                  AllOf(HasSubstr("result not written"), HasSubstr(missing))));
}

TEST_F(ResultConfigMapTest, WritesNothingAfterTheLastState) {
  const auto result = Result(absl::Seconds(1));
  result->OnStarted(Pulled(0));
  result->OnRunEnded(Ended(1));

  result->AwaitLast();
  clock_.Advance(absl::Seconds(5));

  EXPECT_EQ(result->OnTurn(Ended(2), clock_.Now()), Instant::Never());
  result->OnFinished(Ended(2), clock_.Now());
  result->AwaitLast();
  EXPECT_THAT(Bodies(), Contains(PatchOf(1)));
  EXPECT_THAT(Bodies(), Each(testing::AnyOf(PatchOf(0), PatchOf(1))));
}

TEST_F(ResultConfigMapTest, DoesNothingWithoutAName) {
  const auto result = Result(absl::Seconds(1), "");

  result->OnStarted(Pulled(0));
  EXPECT_EQ(result->OnTurn(Pulled(1), clock_.Now()), Instant::Never());
  result->OnFinished(Ended(1), clock_.Now());
  result->AwaitLast();

  EXPECT_THAT(http_.requests(), IsEmpty());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ResultConfigMapTest, SaysOutsideOfAPodThatNothingIsWritten) {
  host_.environment.clear();
  const auto result = Result(absl::Seconds(1));

  result->OnStarted(Pulled(0));
  result->OnFinished(Ended(1), clock_.Now());
  result->AwaitLast();

  EXPECT_THAT(http_.requests(), IsEmpty());
  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("no API server: the result is not "
                                    "written")));
}

TEST_F(ResultConfigMapTest, NeedsItsNamespace) {
  files_.Remove("/sa/namespace");
  const auto result = Result(absl::Seconds(1));

  result->OnStarted(Pulled(0));
  result->OnFinished(Ended(1), clock_.Now());
  result->AwaitLast();

  EXPECT_THAT(http_.requests(), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("/sa/namespace")));
}

}  // namespace
}  // namespace prepull
