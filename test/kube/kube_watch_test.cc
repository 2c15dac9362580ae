#include <deque>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/kube/kube_client.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What happens to one request.
struct Scene {
  int status = 200;
  std::vector<std::string> pieces = {};         // of the body
  absl::Duration pause = absl::ZeroDuration();  // before each piece
  absl::Status end = absl::OkStatus();
  std::string retry_after = "";
};

// Sends bodies in pieces, as the real client does; behind the last scene it is
// silent until it is stopped.
class StreamingHttpClient : public HttpClient {
 public:
  StreamingHttpClient(FakeClock& clock, std::stop_source& stop)
      : clock_(clock), stop_(stop) {}

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token&) override {
    requests.push_back(request);
    times.push_back(clock_.Now());
    if (scenes.empty()) {
      stop_.request_stop();
      return absl::CancelledError("interrupted");
    }
    const Scene scene = std::move(scenes.front());
    scenes.pop_front();
    HttpResponse response = {.status = scene.status};
    if (!scene.retry_after.empty()) {
      response.headers = {{"Retry-After", scene.retry_after}};
    }
    for (const std::string& piece : scene.pieces) {
      clock_.Advance(scene.pause);
      if (request.sink && scene.status / 100 == 2) {
        RETURN_IF_ERROR(request.sink(response, piece));
      } else {
        response.body += piece;
      }
    }
    if (!scene.end.ok()) return scene.end;
    return response;
  }

  std::deque<Scene> scenes;
  std::vector<HttpRequest> requests;
  std::vector<Instant> times;

 private:
  FakeClock& clock_;
  std::stop_source& stop_;
};

std::string PodEvent(const std::string& type, const std::string& name,
                     int version) {
  return absl::StrCat(R"({"type":")", type, R"(","object":{"metadata":{)",
                      R"("name":")", name, R"(","resourceVersion":")", version,
                      "\"}}}\n");
}

class KubeWatchTest : public testing::Test {
 protected:
  KubeWatchTest() { WriteToken("token-1"); }

  void WriteToken(const std::string& token) {
    EXPECT_THAT(files_.WriteFileAtomically("/sa/token", token), IsOk());
  }

  void Watch(std::deque<Scene> scenes) {
    http_.scenes = std::move(scenes);
    client_.Watch(
        step_,
        [this](WatchStep& step) {
          for (const std::string& key : step.TakeChanges()) {
            news_.push_back(step.store().contains(key) ? "+" + key : "-" + key);
          }
        },
        stop_.get_token());
  }

  absl::Duration Between(size_t earlier, size_t later) const {
    return http_.times.at(later) - http_.times.at(earlier);
  }
  const HttpRequest& Sent(size_t index) const {
    return http_.requests.at(index);
  }

  const Scene page_ = {
      .pieces = {R"({"metadata":{"resourceVersion":"7"},"items":[)",
                 R"({"metadata":{"name":"a","resourceVersion":"5"}}]})"}};

  FakeClock clock_;
  FakeFileSystem files_;
  std::stop_source stop_;
  StreamingHttpClient http_{clock_, stop_};
  KubeClient client_{
      ServerForAccount("https://10.0.0.1", "/sa"),
      {.http = http_, .files = files_, .clock = clock_, .roll_dice = [] {
         return 0.0;
       }}};
  WatchStep step_{{.resource = "pods", .object_namespace = "team"},
                  [](JsonValue) { return std::any(); },
                  [] { return 0.0; }};
  std::vector<std::string> news_;
};

TEST_F(KubeWatchTest, ListsAndWatches) {
  const std::string event = PodEvent("ADDED", "b", 8);

  Watch({page_,
         {.pieces = {event.substr(0, 20), event.substr(20),
                     PodEvent("DELETED", "a", 9)}}});

  EXPECT_THAT(news_, ElementsAre("+a", "+b", "-a"));
  ASSERT_THAT(http_.requests, SizeIs(3));
  EXPECT_EQ(Sent(0).url,
            "https://10.0.0.1/api/v1/namespaces/team/pods?limit=500");
  EXPECT_EQ(Sent(0).headers.at(0).value, "Bearer token-1");
  EXPECT_EQ(Sent(0).ca_file, "/sa/ca.crt");
  EXPECT_EQ(Sent(0).limits.body_bytes, 64 << 20);
  EXPECT_THAT(Sent(1).url, AllOf(HasSubstr("/pods?watch=1&"),
                                 HasSubstr("&resourceVersion=7&")));
  EXPECT_THAT(Sent(2).url, HasSubstr("&resourceVersion=9&"));
}

TEST_F(KubeWatchTest, TakesASilentConnectionAsDead) {
  const Instant start = clock_.Now();

  Watch({page_});

  EXPECT_EQ(Sent(1).limits.idle, absl::Seconds(305));
  EXPECT_EQ(Sent(1).limits.until, start + absl::Minutes(30));
}

TEST_F(KubeWatchTest, ReadsTheTokenForEachRequest) {
  clock_.After(absl::Minutes(1), [this] { WriteToken("token-2"); });

  Watch({page_, {.pieces = {"\n"}, .pause = absl::Minutes(5)}});

  EXPECT_EQ(Sent(1).headers.at(0).value, "Bearer token-1");
  EXPECT_EQ(Sent(2).headers.at(0).value, "Bearer token-2");
}

TEST_F(KubeWatchTest, TriesARefusedTokenAgainAtOnce) {
  Watch({{.status = 401}, {.status = 401}});

  EXPECT_EQ(Between(0, 1), absl::ZeroDuration());
  EXPECT_EQ(Between(1, 2), absl::Milliseconds(800));
}

TEST_F(KubeWatchTest, WaitsForAToken) {
  files_.Remove("/sa/token");
  clock_.After(absl::Seconds(2), [this] { WriteToken("token-2"); });

  Watch({page_});

  EXPECT_EQ(Sent(0).headers.at(0).value, "Bearer token-2");
  EXPECT_THAT(news_, ElementsAre("+a"));
}

TEST_F(KubeWatchTest, WaitsAsLongAsTheServerAsks) {
  Watch({{.status = 429, .retry_after = "9"}, page_});

  EXPECT_EQ(Between(0, 1), absl::Seconds(9));
}

TEST_F(KubeWatchTest, ListsAgainAfterAnError) {
  Watch({page_,
         {.pieces = {R"({"type":"ERROR","object":{"code":410}})"
                     "\n",
                     PodEvent("ADDED", "late", 9)}},
         page_});

  EXPECT_THAT(news_, ElementsAre("+a", "+a"));
  EXPECT_EQ(Sent(2).url,
            "https://10.0.0.1/api/v1/namespaces/team/pods?limit=500");
  EXPECT_EQ(Between(1, 2), absl::Milliseconds(800));
}

TEST_F(KubeWatchTest, GoesOnWhenTheConnectionIsLost) {
  Watch({page_,
         {.pieces = {PodEvent("ADDED", "b", 8), "{\"ty"},
          .end = absl::UnavailableError("connection reset")},
         {.status = 500}});

  EXPECT_THAT(Sent(2).url, HasSubstr("&resourceVersion=8&"));
  EXPECT_THAT(Sent(3).url, HasSubstr("&resourceVersion=8&"));
  EXPECT_THAT(news_, ElementsAre("+a", "+b"));
}

TEST_F(KubeWatchTest, WarnsOfAProblemOnce) {
  std::string log;
  StartLog({.level = LogLevel::kWarn,
            .format = LogFormat::kPeople,
            .write = [&log](absl::string_view text) {
              absl::StrAppend(&log, text);
            }});

  Watch({{.status = 403}, {.status = 403}, page_});

  StartLog({.write = [](absl::string_view) {}});
  const size_t first = log.find("objects not up to date");
  EXPECT_THAT(log, AllOf(HasSubstr("list"), HasSubstr("in namespace team")));
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(log.find("objects not up to date", first + 1), std::string::npos);
  EXPECT_EQ(Between(0, 1), absl::Seconds(30));
}

TEST_F(KubeWatchTest, NeverRepeatsTheTokenOfAWatch) {
  Watch({{.status = 500,
          .pieces = {R"({"kind":"Status","message":"bad: token-1"})"}}});

  EXPECT_EQ(step_.problem(),
            "list of pods: the API server answered 500: bad: ...");
}

TEST_F(KubeWatchTest, EndsAtAStop) {
  stop_.request_stop();
  Watch({page_});
  EXPECT_THAT(http_.requests, IsEmpty());
}

TEST_F(KubeWatchTest, EndsAtAStopBetweenTwoRequests) {
  clock_.After(absl::Seconds(10), [this] { stop_.request_stop(); });

  Watch({{.status = 403}, page_});

  EXPECT_THAT(http_.requests, SizeIs(1));
  EXPECT_EQ(clock_.Now() - http_.times[0], absl::Seconds(10));
}

}  // namespace
}  // namespace prepull
