#include "test/support/kubernetes_api/kubernetes_server.h"

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/http/http_client.h"
#include "prepull/kube/kube_client.h"
#include "test/support/fake_file_system.h"
#include "test/support/kubernetes_api/fake_kubernetes_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;

// The client of the product over a socket.
class KubernetesServerTest : public testing::Test {
 protected:
  KubernetesServerTest() {
    EXPECT_THAT(files_.WriteFileAtomically("/sa/token", "token"), IsOk());
    EXPECT_THAT(files_.WriteFileAtomically("/sa/ca.crt", authority_.pem()),
                IsOk());
  }
  ~KubernetesServerTest() override { stop_.request_stop(); }

  absl::StatusOr<HttpResponse> Get(const std::string& target) {
    return http_->Send({.url = Url(target), .ca_file = "/sa/ca.crt"}, {});
  }
  std::string Url(const std::string& target) const {
    return absl::StrCat("https://127.0.0.1:", server_.port(), target);
  }
  KubeCall Call() {
    return {.purpose = "test", .until = clock_.Now() + absl::Seconds(30)};
  }
  void Put(const std::string& name) {
    fake_.Put({.resource = "nodes", .name = name}, "{}");
  }

  // Blocks until the watch has them.
  void AwaitNodes(const std::set<std::string>& wanted) {
    const Instant until = clock_.Now() + absl::Seconds(30);
    while (clock_.Now() < until) {
      {
        MutexLock lock(mutex_);
        if (nodes_ == wanted) return;
      }
      clock_.WaitUntil(until, news_);
    }
    ADD_FAILURE() << "the watch never had them";
  }

  std::jthread WatchNodes() {
    return std::jthread([this] {
      WatchStep step(
          {.resource = "nodes"}, [](JsonValue) { return std::any(); },
          [] { return 1.0; });
      client_.Watch(
          step,
          [this](WatchStep& news) {
            MutexLock lock(mutex_);
            nodes_.clear();
            for (const auto& [key, object] : news.store()) nodes_.insert(key);
            news_.Notify();
          },
          stop_.get_token());
    });
  }

  SystemClock clock_;
  FakeFileSystem files_;
  FakeKubernetes fake_{clock_};
  CertificateAuthority authority_;
  KubernetesServer server_{
      fake_,
      {.certificate = authority_.Sign("IP:127.0.0.1"),
       .other_pages = [](const HttpRequest& request) {
         return request.url == "http://fake/fake/page"
                    ? std::optional(HttpResponse{.status = 200, .body = "mine"})
                    : std::nullopt;
       }}};
  std::unique_ptr<HttpClient> http_ = MakeHttpClient(files_, clock_);
  KubeClient client_{
      ServerForAccount(Url(""), "/sa"),
      {.http = *http_, .files = files_, .clock = clock_, .roll_dice = [] {
         return 1.0;
       }}};
  std::stop_source stop_;
  Mutex mutex_;
  std::set<std::string> nodes_ ABSL_GUARDED_BY(mutex_);
  Wakeup news_;
};

TEST_F(KubernetesServerTest, ServesObjectsAndOtherPages) {
  Put("w1");

  EXPECT_EQ(Get("/api/v1/nodes/w1")->status, 200);
  EXPECT_EQ(Get("/api/v1/nodes/w2")->status, 404);
  EXPECT_EQ(Get("/fake/page")->body, "mine");
}

TEST_F(KubernetesServerTest, TakesWritesOfTheClient) {
  const KubeObject map = {
      .resource = "configmaps", .object_namespace = "team", .name = "a"};

  EXPECT_THAT(client_.Create(map, ConfigMapText("a"), Call()), IsOk());
  EXPECT_THAT(client_.Create(map, ConfigMapText("a"), Call()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(client_.MergePatch(map, R"({"data":{"k":"v"}})", Call()), IsOk());
  EXPECT_EQ((*client_.Get(map, Call()))["data"]["k"].StringOrEmpty(), "v");
  EXPECT_THAT(client_.Delete(map, "another", Call()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(client_.Delete(map, "", Call()), IsOk());
  EXPECT_FALSE(fake_.Has(map));
}

TEST_F(KubernetesServerTest, BreaksTheConnectionOfALostAnswer) {
  Put("w1");
  fake_.Inject({.kind = KubernetesFault::Kind::kLoseAnswer});

  EXPECT_THAT(Get("/api/v1/nodes/w1"),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Get("/api/v1/nodes/w1")->status, 200);
}

TEST_F(KubernetesServerTest, FollowsAWatchOverBrokenConnections) {
  Put("w1");
  const std::jthread watch = WatchNodes();
  AwaitNodes({"w1"});

  Put("w2");
  AwaitNodes({"w1", "w2"});
  fake_.Inject({.kind = KubernetesFault::Kind::kCut, .events = 1});
  fake_.DisturbWatches(KubernetesFault::Kind::kCut);
  for (const char* name : {"w3", "w4"}) Put(name);
  AwaitNodes({"w1", "w2", "w3", "w4"});
  fake_.Compact();
  fake_.DisturbWatches(KubernetesFault::Kind::kErrorEvent);
  fake_.Remove({.resource = "nodes", .name = "w1"});
  AwaitNodes({"w2", "w3", "w4"});
  stop_.request_stop();
}

TEST_F(KubernetesServerTest, HearsThatAWatcherHasGone) {
  Put("w1");
  {
    const std::jthread watch = WatchNodes();
    AwaitNodes({"w1"});
    stop_.request_stop();
  }

  const Instant until = clock_.Now() + absl::Seconds(30);
  while (fake_.open_watches() > 0 && clock_.Now() < until) {
    std::this_thread::yield();
  }

  EXPECT_EQ(fake_.open_watches(), 0);
}

}  // namespace
}  // namespace prepull
