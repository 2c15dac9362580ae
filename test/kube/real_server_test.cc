// The client against a real API server; skipped unless a kubeconfig of one is
// named, whose user may do all:
//
//   PREPULL_TEST_KUBECONFIG=FILE [PREPULL_TEST_OUTAGE=COMMAND]
//       kube_test --gtest_filter='RealServer*'
//
// COMMAND has the server go away and come back without its memory: it is
// restarted, its store compacted.
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/kube/kube_client.h"
#include "prepull/kube/kubeconfig.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::HasSubstr;

// Remembers how each call ended.
class NotingHttpClient : public HttpClient {
 public:
  explicit NotingHttpClient(HttpClient& real) : real_(real) {}

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop) override {
    bool has_expired = false;
    HttpRequest noted = request;
    if (request.sink) {
      noted.sink = [&](const HttpResponse& head, absl::string_view piece) {
        has_expired |= absl::StrContains(piece, R"("code":410)");
        return request.sink(head, piece);
      };
    }
    absl::StatusOr<HttpResponse> response = real_.Send(noted, stop);
    has_expired |= response.ok() && response->status == 410;
    const std::lock_guard lock(mutex_);
    expired_ += has_expired ? 1 : 0;
    return response;
  }

  int expired() const {
    const std::lock_guard lock(mutex_);
    return expired_;
  }

 private:
  HttpClient& real_;
  mutable std::mutex mutex_;
  int expired_ = 0;
};

// Watches on a thread of its own.
class Watcher {
 public:
  Watcher(KubeClient client, KubeCollection collection)
      : client_(std::move(client)),
        step_(
            std::move(collection),
            [](JsonValue object) {
              return object["data"]["v"].StringOrEmpty();
            },
            [] { return 0.5; }),
        thread_([this](const std::stop_token& stop) {
          client_.Watch(
              step_, [this](WatchStep& step) { Take(step); }, stop);
        }) {}

  // Whether the copy is so within a generous bound.
  bool WaitUntil(const std::function<bool(const WatchStore&)>& is_so) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30),
                             [&] { return is_so(store_); });
  }

  std::string LastWordsOf(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = deleted_.find(key);
    return found == deleted_.end()
               ? "none"
               : std::any_cast<std::string>(found->second.value);
  }

 private:
  void Take(WatchStep& step) {
    const std::lock_guard lock(mutex_);
    store_ = step.store();
    deleted_.merge(step.TakeDeleted());
    changed_.notify_all();
  }

  KubeClient client_;
  WatchStep step_;
  std::mutex mutex_;
  std::condition_variable changed_;
  WatchStore store_;
  WatchStore deleted_;
  std::jthread thread_;
};

class RealServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* path = std::getenv("PREPULL_TEST_KUBECONFIG");
    if (path == nullptr) GTEST_SKIP() << "PREPULL_TEST_KUBECONFIG is not set";
    const absl::StatusOr<Kubeconfig> config = ReadKubeconfig(path, files_);
    ASSERT_THAT(config, IsOk());
    server_ = config->server;
    ASSERT_THAT(Client().Create(place_,
                                absl::StrCat(R"({"metadata":{"name":")",
                                             place_.name, "\"}}"),
                                Call()),
                IsOk());
  }
  void TearDown() override {
    if (server_.url.empty()) return;
    EXPECT_THAT(Client().Delete(place_, "", Call()), IsOk());
  }

  KubeClient Client() {
    return KubeClient(server_, {.http = http_,
                                .files = files_,
                                .clock = clock_,
                                .roll_dice = [] { return 0.5; }});
  }
  KubeCall Call() {
    return {.purpose = "test", .until = clock_.Now() + absl::Seconds(30)};
  }

  KubeObject Map(const std::string& name) const {
    return {.resource = "configmaps",
            .object_namespace = place_.name,
            .name = name};
  }
  absl::Status Make(const std::string& name, const std::string& value) {
    return Client().Create(
        Map(name),
        absl::StrCat(R"({"metadata":{"name":")", name,
                     R"(","labels":{"app":"prepull-test"}},"data":{"v":")",
                     value, "\"}}"),
        Call());
  }
  JsonDocument Read(const std::string& name) {
    absl::StatusOr<JsonDocument> map = Client().Get(Map(name), Call());
    EXPECT_THAT(map, IsOk());
    return *std::move(map);
  }
  std::string Key(const std::string& name) const {
    return absl::StrCat(place_.name, "/", name);
  }

  SystemFileSystem files_;
  SystemClock clock_;
  const std::unique_ptr<HttpClient> real_ = MakeHttpClient(files_, clock_);
  NotingHttpClient http_{*real_};
  ApiServer server_;
  const KubeObject place_ = {
      .resource = "namespaces",
      .name = absl::StrCat("prepull-test-", absl::GetCurrentTimeNanos())};
  const KubeCollection maps_ = {.resource = "configmaps",
                                .object_namespace = place_.name,
                                .label_selector = "app=prepull-test"};
};

TEST_F(RealServerTest, WritesAndReads) {
  ASSERT_THAT(Make("a", "1"), IsOk());
  EXPECT_THAT(Make("a", "1"), StatusIs(StatusCode::kAlreadyExists));
  const std::string version =
      Read("a")["metadata"]["resourceVersion"].StringOrEmpty();
  const std::string uid = Read("a")["metadata"]["uid"].StringOrEmpty();

  const absl::StatusOr<std::string> changed = Client().ChangeGuarded(
      Map("a"), R"({"data":{"w":"2"}})", version, Call());

  ASSERT_THAT(changed, IsOk());
  EXPECT_EQ(Read("a")["metadata"]["resourceVersion"].StringOrEmpty(), *changed);
  EXPECT_THAT(Client().ChangeGuarded(Map("a"), R"({"data":{"w":"3"}})", version,
                                     Call()),
              StatusIs(StatusCode::kAborted));
  EXPECT_THAT(Client().MergePatch(Map("a"), R"({"data":{"v":null}})", Call()),
              IsOk());
  EXPECT_THAT(
      Client().JsonPatch(
          Map("a"), R"([{"op":"test","path":"/data/w","value":"3"}])", Call()),
      StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(
      Client().JsonPatch(
          Map("a"), R"([{"op":"add","path":"/data/x","value":"4"}])", Call()),
      IsOk());
  const JsonDocument now = Read("a");
  EXPECT_EQ(now["data"].size(), 2);
  EXPECT_EQ(now["data"]["w"].StringOrEmpty(), "2");
  EXPECT_EQ(now["data"]["x"].StringOrEmpty(), "4");
  EXPECT_THAT(Client().Delete(Map("a"), "none-of-these", Call()),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Client().Delete(Map("a"), uid, Call()), IsOk());
  EXPECT_THAT(Client().Delete(Map("a"), uid, Call()), IsOk());
  EXPECT_THAT(Client().Get(Map("a"), Call()), StatusIs(StatusCode::kNotFound));
}

TEST_F(RealServerTest, AppliesItsIntent) {
  const std::string head = R"({"apiVersion":"v1","kind":"ConfigMap",)"
                           R"("metadata":{"name":"a"},"data":)";
  ASSERT_THAT(Client().Apply(Map("a"), head + R"({"v":"1","w":"1"}})", Call()),
              IsOk());
  ASSERT_THAT(Client().MergePatch(Map("a"), R"({"data":{"x":"1"}})", Call()),
              IsOk());

  EXPECT_THAT(Client().Apply(Map("a"), head + R"({"v":"2"}})", Call()), IsOk());

  EXPECT_EQ(Read("a")["data"]["v"].StringOrEmpty(), "2");
  EXPECT_FALSE(Read("a")["data"]["w"].exists());
}

TEST_F(RealServerTest, ListsInPages) {
  for (int i = 0; i < 1100; ++i) {
    ASSERT_THAT(Make(absl::StrCat("a", i), "1"), IsOk());
  }
  std::set<std::string> names;
  std::string page;
  int pages = 0;
  do {
    const absl::StatusOr<JsonDocument> list =
        Client().List(maps_, page, Call());
    ASSERT_THAT(list, IsOk());
    for (const JsonValue item : (*list)["items"].elements()) {
      names.insert(item["metadata"]["name"].StringOrEmpty());
    }
    page = (*list)["metadata"]["continue"].StringOrEmpty();
    ++pages;
  } while (!page.empty());

  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names.size(), 1100);
  Watcher watcher(Client(), maps_);
  EXPECT_TRUE(watcher.WaitUntil(
      [](const WatchStore& store) { return store.size() == 1100; }));
}

TEST_F(RealServerTest, FollowsByWatching) {
  ASSERT_THAT(Make("a", "1"), IsOk());
  Watcher watcher(Client(), maps_);
  const auto has = [&](size_t size) {
    return watcher.WaitUntil(
        [size](const WatchStore& store) { return store.size() == size; });
  };
  ASSERT_TRUE(has(1));

  ASSERT_THAT(Make("b", "2"), IsOk());
  ASSERT_TRUE(has(2));
  ASSERT_THAT(Client().Delete(Map("a"), "", Call()), IsOk());

  ASSERT_TRUE(has(1));
  EXPECT_EQ(watcher.LastWordsOf(Key("a")), "1");
}

TEST_F(RealServerTest, FollowsBeyondAnOutage) {
  const char* outage = std::getenv("PREPULL_TEST_OUTAGE");
  if (outage == nullptr) GTEST_SKIP() << "PREPULL_TEST_OUTAGE is not set";
  for (int i = 0; i < 600; ++i) {
    ASSERT_THAT(Make(absl::StrCat("a", i), "1"), IsOk());
  }
  const absl::StatusOr<JsonDocument> half = Client().List(maps_, "", Call());
  ASSERT_THAT(half, IsOk());
  Watcher watcher(Client(), maps_);
  ASSERT_TRUE(watcher.WaitUntil(
      [](const WatchStore& store) { return store.size() == 600; }));

  ASSERT_EQ(std::system(outage), 0);
  ASSERT_THAT(Make("b", "1"), IsOk());
  ASSERT_THAT(Client().Delete(Map("a0"), "", Call()), IsOk());

  EXPECT_TRUE(watcher.WaitUntil([&](const WatchStore& store) {
    return store.size() == 600 && store.count(Key("b")) == 1 &&
           store.count(Key("a0")) == 0;
  }));
  const std::string next = (*half)["metadata"]["continue"].StringOrEmpty();
  EXPECT_THAT(Client().List(maps_, next, Call()),
              StatusIs(StatusCode::kAborted, HasSubstr("410")));
  EXPECT_GE(http_.expired(), 2);
}

}  // namespace
}  // namespace prepull
