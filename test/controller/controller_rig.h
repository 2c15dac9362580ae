// Controllers on a fake cluster, in time that runs fast.
#ifndef PREPULL_TEST_CONTROLLER_CONTROLLER_RIG_H_
#define PREPULL_TEST_CONTROLLER_CONTROLLER_RIG_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/mutex.h"
#include "prepull/controller/controller.h"
#include "prepull/deploy/node_job.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/hasty_clock.h"
#include "test/support/kubernetes_api/fake_cluster.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"

namespace prepull {

// A controller on a thread of its own.
class RunningController {
 public:
  RunningController(const ControllerOptions& options, FakeHost& host,
                    FakeFileSystem& files, Clock& clock, HttpClient& http)
      : controller_(
            options, ApiServer{.url = "http://kubernetes"},
            {.host = host, .files = files, .clock = clock, .http = http}),
        thread_(
            [this](const std::stop_token& stop) { controller_.Run(stop); }) {}

  HttpPage Page(const std::string& path) const {
    return controller_.Page(path);
  }

 private:
  Controller controller_;
  std::jthread thread_;
};

// The way to the server of a controller that is killed at its write `last`, the
// first being 1: before that arrives, or once it is done. From then on nothing
// of it arrives.
class DyingClient : public HttpClient {
 public:
  DyingClient(HttpClient& client, int last, bool is_done)
      : client_(client), last_(last), is_done_(is_done) {}

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop) override {
    if (is_dead_) return absl::UnavailableError("dead");
    const bool is_last = request.method != "GET" && ++writes_ == last_;
    if (!is_last) return client_.Send(request, stop);
    is_dead_ = true;
    if (is_done_) return client_.Send(request, stop);
    return absl::UnavailableError("dead");
  }
  bool is_dead() const { return is_dead_; }

 private:
  HttpClient& client_;
  const int last_;
  const bool is_done_;
  std::atomic<int> writes_ = 0;
  std::atomic<bool> is_dead_ = false;
};

class ControllerRig : public ::testing::Test {
 protected:
  static constexpr char kSpace[] = "prepull";

  ControllerRig() {
    options_.pods = {.name_space = kSpace, .image = "prepull:1"};
    kubernetes_.OnChange([this](const FakeKubernetes::Change& change) {
      CountJob(change);
      changed_.Notify();
    });
    cluster_.OnNews([this] { news_.Notify(); });
    player_ = std::jthread([this](const std::stop_token& stop) {
      const std::stop_callback wake(stop, [this] { news_.Notify(); });
      while (!stop.stop_requested()) {
        cluster_.Turn();
        clock_.WaitUntil(cluster_.next(), news_);
      }
    });
  }
  ~ControllerRig() override {
    controllers_.clear();
    player_.request_stop();
    player_.join();
  }

  void AddNodes(int count) {
    for (int i = 0; i < count; ++i) cluster_.AddNode({.name = Node(i)});
  }
  static std::string Node(int i) { return absl::StrFormat("w%02d", i); }

  RunningController& Start() { return Start(kubernetes_); }
  RunningController& Start(HttpClient& client) {
    controllers_.push_back(std::make_unique<RunningController>(
        options_, host_, files_, clock_, client));
    return *controllers_.back();
  }
  void StopAll() { controllers_.clear(); }

  // `spec`: members of the object, without its braces.
  void Apply(const std::string& spec, int generation = 1,
             const std::string& annotations = "") {
    const std::string before = kubernetes_.Text(Prepull());
    if (before.empty()) {
      kubernetes_.Put(
          Prepull(),
          absl::StrCat(
              R"({"apiVersion":"prepull.dev/v1alpha1","kind":"Prepull",)",
              R"("metadata":{"name":"app","generation":)", generation,
              R"(,"annotations":{)", annotations, R"(}},"spec":{)", spec,
              "}}"));
    } else {
      kubernetes_.Merge(
          Prepull(), absl::StrCat(R"({"metadata":{"generation":)", generation,
                                  R"(,"annotations":{)", annotations,
                                  R"(}},"spec":{)", spec, "}}"));
    }
  }

  KubeObject Prepull() const {
    return {.group_version = "prepull.dev/v1alpha1",
            .resource = "prepulls",
            .object_namespace = kSpace,
            .name = "app"};
  }

  // The status of the Prepull; an empty object before there is one.
  JsonDocument Got() const {
    const std::string text = kubernetes_.Text(Prepull());
    return JsonDocument::Parse(text.empty() ? "{}" : text).value();
  }
  std::string Phase() const { return Got()["status"]["phase"].StringOrEmpty(); }
  int64_t Count(const std::string& key) const {
    return Got()["status"]["nodes"][key].integer().value_or(-1);
  }
  bool IsTrue(const std::string& type) const {
    const JsonDocument prepull = Got();
    for (const JsonValue each : prepull["status"]["conditions"].elements()) {
      if (each["type"].StringOrEmpty() == type) {
        return each["status"].StringOrEmpty() == "True";
      }
    }
    return false;
  }

  bool IsReady(const std::string& node) const {
    const JsonDocument object =
        JsonDocument::Parse(
            kubernetes_.Text({.resource = "nodes", .name = node}))
            .value();
    for (const JsonValue each : object["status"]["conditions"].elements()) {
      if (each["type"].StringOrEmpty() == "Ready") {
        return each["status"].StringOrEmpty() == "True";
      }
    }
    return false;
  }

  // All Jobs since the beginning, by their keys.
  struct JobCounts {
    std::map<std::string, int> made = {};  // how often each
    std::set<std::string> present = {};
    size_t most = 0;  // at once
  };
  JobCounts job_counts() const {
    MutexLock lock(jobs_mutex_);
    return jobs_;
  }
  int JobsMade() const {
    int made = 0;
    for (const auto& [key, times] : job_counts().made) made += times;
    return made;
  }

  std::vector<std::string> Texts(const std::string& resource,
                                 const std::string& group = "v1",
                                 const std::string& selector = "") const {
    return kubernetes_.Texts({.group_version = group,
                              .resource = resource,
                              .object_namespace = kSpace,
                              .label_selector = selector});
  }
  size_t Jobs() const { return Texts("jobs", "batch/v1").size(); }

  // The records of all shards: how often each node is there, and the last text.
  std::map<std::string, std::vector<std::string>> Records() const {
    std::map<std::string, std::vector<std::string>> records;
    for (const std::string& text :
         Texts("configmaps", "v1", "prepull.dev/kind=results")) {
      const JsonDocument shard = JsonDocument::Parse(text).value();
      for (const auto& [node, record] : shard["data"].members()) {
        records[std::string(node)].push_back(record.StringOrEmpty());
      }
    }
    return records;
  }

  // Waits until it holds, which must be soon.
  void Await(const std::function<bool()>& holds, const std::string& what) {
    const Instant until = real_.Now() + absl::Seconds(20);
    while (!holds() && real_.Now() < until) {
      changed_.WaitFor(absl::Milliseconds(100));
    }
    ASSERT_TRUE(holds()) << what << "\n" << kubernetes_.Text(Prepull());
  }
  void AwaitPhase(const std::string& phase) {
    Await([&] { return Phase() == phase; }, phase);
  }
  void AwaitEnd() {
    Await([&] { return IsTrue("Finished") && Jobs() == 0; }, "Finished");
  }

  HastyClock clock_{100};
  SystemClock real_;
  FakeHost host_;
  FakeFileSystem files_;
  FakeKubernetes kubernetes_{clock_};
  FakeCluster cluster_{kubernetes_, clock_};
  ControllerOptions options_;

 private:
  // On the thread that changes the object.
  void CountJob(const FakeKubernetes::Change& change) {
    if (change.collection != "batch/v1/jobs") return;
    MutexLock lock(jobs_mutex_);
    if (change.type == "ADDED") {
      ++jobs_.made[change.key];
      jobs_.present.insert(change.key);
    } else if (change.type == "DELETED") {
      jobs_.present.erase(change.key);
    }
    jobs_.most = std::max(jobs_.most, jobs_.present.size());
  }

  mutable Mutex jobs_mutex_;
  JobCounts jobs_ ABSL_GUARDED_BY(jobs_mutex_);
  Wakeup changed_;
  Wakeup news_;
  std::jthread player_;
  std::vector<std::unique_ptr<RunningController>> controllers_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_CONTROLLER_CONTROLLER_RIG_H_
