// fetch --metrics-endpoint and aggregate-metrics, which are told of each other
// by image-prefetcher's flags.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "prepull/http/http_client.h"
#include "prepull/metrics/result_submitter.h"
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// How many times `part` is in `text`.
int Count(const std::string& text, const std::string& part) {
  const std::vector<std::string> pieces = absl::StrSplit(text, part);
  return static_cast<int>(pieces.size()) - 1;
}

class AggregateMetricsTest : public E2eTest {
 protected:
  void Serve(std::vector<std::string> words = {},
             std::function<void()> in_child = nullptr) {
    words.insert(words.begin(),
                 {"aggregate-metrics", "--grpc-port", "0", "--http-port", "0"});
    aggregator_.emplace(ProcessSetup{.arguments = std::move(words),
                                     .in_child = std::move(in_child)});
    ASSERT_TRUE(aggregator_->WaitForOutput("http_port="));
    const std::string err = aggregator_->err();
    grpc_port_ = PortAfter("grpc_port=", err);
    http_port_ = PortAfter("http_port=", err);
  }

  static std::string PortAfter(const std::string& key, const std::string& err) {
    const size_t begin = err.rfind(key) + key.size();
    return err.substr(begin, err.find_first_of(" \n", begin) - begin);
  }

  std::string endpoint() const {
    return absl::StrCat("127.0.0.1:", grpc_port_);
  }

  std::string Metrics() {
    const absl::StatusOr<HttpResponse> response = http_->Send(
        {.url = absl::StrCat("http://127.0.0.1:", http_port_, "/metrics"),
         .limits = {.body_bytes = 64 << 20}},
        {});
    return response.ok() ? response->body
                         : std::string(response.status().message());
  }

  Ended FetchInto(const std::string& where, std::vector<std::string> words) {
    words.insert(words.end(), {"--metrics-endpoint", where});
    return RunProcess({.arguments = FetchWords(std::move(words)),
                       .environment = {{"NODE_NAME", "worker-1"}}});
  }

  SystemFileSystem files_;
  SystemClock clock_;
  std::unique_ptr<HttpClient> http_ = MakeHttpClient(files_, clock_);
  std::optional<PrepullProcess> aggregator_;
  std::string grpc_port_;
  std::string http_port_;
};

TEST_F(AggregateMetricsTest, ServesWhatFetchSends) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  Serve();
  EXPECT_EQ(Metrics(), "[]");

  EXPECT_THAT(FetchInto(endpoint(), {"quay.io/a:1", "quay.io/a:gone"}),
              ExitsWith(1));
  // All of it is on the node by now.
  EXPECT_THAT(FetchInto(endpoint(), {"quay.io/a:1"}), ExitsWith(0));

  const std::string metrics = Metrics();
  EXPECT_THAT(metrics,
              AllOf(StartsWith("[{\"attempt_id\":\""), EndsWith("}]")));
  EXPECT_EQ(Count(metrics, "\"node\":\"worker-1\""), 2) << metrics;
  EXPECT_THAT(metrics, HasSubstr("\"image\":\"quay.io/a:gone\",\"error\":"
                                 "\"NotFound: "));
  EXPECT_EQ(Count(metrics, "\"error\":"), 1);
  EXPECT_EQ(Count(metrics, "\"size_bytes\":1000"), 1) << metrics;
}

TEST_F(AggregateMetricsTest, TellsOfAttemptsWhileTheRunGoesOn) {
  server_.Script("quay.io/a:gone", {MissingImage()});
  server_.Script("quay.io/a:slow", {Forever()});
  Serve();
  const PrepullProcess fetch(
      FetchSetup({"quay.io/a:gone", "quay.io/a:1", "quay.io/a:slow",
                  "--metrics-endpoint", endpoint()}));

  EXPECT_TRUE(AskUntil([&] { return absl::StrContains(Metrics(), "a:gone"); }));
  EXPECT_TRUE(AskUntil([&] { return absl::StrContains(Metrics(), "a:1"); }));

  SignalUntilItEnds(fetch, SIGTERM);
  EXPECT_TRUE(AskUntil([&] { return absl::StrContains(Metrics(), "a:slow"); }));
}

TEST_F(AggregateMetricsTest, ChangesNoExitCode) {
  const absl::Time start = absl::Now();

  const Ended ended = FetchInto("127.0.0.1:1", {"quay.io/a:1"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.err, AllOf(HasSubstr("warn attempts not submitted "),
                               HasSubstr("endpoint=127.0.0.1:1")));
  EXPECT_THAT(absl::Now() - start, Lt(absl::Seconds(20)));
}

TEST_F(AggregateMetricsTest, SendsNothingInADryRun) {
  const Ended ended = FetchInto("127.0.0.1:1", {"quay.io/a:1", "--dry-run"});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.err, Not(HasSubstr("attempts")));
}

TEST_F(AggregateMetricsTest, EndsSoonAfterASignal) {
  Serve({"--data-file", folder_.Path("results")});
  const absl::Time start = absl::Now();

  aggregator_->Signal(SIGTERM);
  const Ended ended = aggregator_->Wait();

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(absl::Now() - start, Lt(absl::Seconds(2)));
}

TEST_F(AggregateMetricsTest, SaysWhyItCannotServe) {
  const std::string data = folder_.Path("results");
  Serve({"--data-file", data});

  Ended second = RunPrepull({"aggregate-metrics", "--grpc-port", "0",
                             "--http-port", "0", "--data-file", data});
  EXPECT_THAT(second, ExitsWith(2));
  EXPECT_THAT(second.err, HasSubstr("another process is writing it"));

  second = RunPrepull(
      {"aggregate-metrics", "--grpc-port", grpc_port_, "--http-port", "0"});
  EXPECT_THAT(second, ExitsWith(2));
  EXPECT_THAT(second.err, HasSubstr("bind: address already in use"));
}

TEST_F(AggregateMetricsTest, IsTakenByImagePrefetchersOwnFlags) {
  PrepullProcess process({.arguments = {"aggregate-metrics", "--debug",
                                        "--grpc-port=0", "--http-port=0"}});
  EXPECT_TRUE(process.WaitForOutput("http_port="));
}

// One client of many: what it was told is sent.
class Load {
 public:
  Load(std::string endpoint, int number, Clock& clock)
      : run_(RunStart{.id = absl::StrCat("load-", number), .node = "n"}),
        submitter_(
            {.endpoint = std::move(endpoint), .last_timeout = absl::Minutes(1)},
            clock, {}) {
    std::vector<ImageOutcome> images(20);
    for (size_t i = 0; i < images.size(); ++i) {
      images[i].image = absl::StrCat("quay.io/load:", number, "-", i);
    }
    run_.EnterList(std::move(images));
    submitter_.OnStarted(run_);
  }

  void Run() {
    for (ImageOutcome& image : run_.images()) {
      ++image.attempts;
      submitter_.OnAttempt(run_, image);
      submitter_.OnRetry(run_, image, absl::Seconds(1));
    }
    run_.End({}, absl::UnixEpoch());
    submitter_.OnRunEnded(run_);
    submitter_.AwaitLast();
  }

 private:
  class Run run_;
  ResultSubmitter submitter_;
};

// Nothing that a client was told to be there is lost, and nothing is there
// twice.
TEST_F(AggregateMetricsTest, LosesNothingWhenItIsKilledUnderLoad) {
  const std::vector<std::string> words = {"--data-file",
                                          folder_.Path("results")};
  Serve(words);
  const std::string port = grpc_port_;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back([this, i] { Load(endpoint(), i, clock_).Run(); });
  }
  EXPECT_TRUE(AskUntil([&] { return Count(Metrics(), "quay.io/load") > 20; }));

  aggregator_->Signal(SIGKILL);
  aggregator_->Wait();
  std::vector<std::string> again = words;
  again.insert(again.end(), {"--grpc-port", port});
  Serve(again);
  clients.clear();

  EXPECT_EQ(Count(Metrics(), "quay.io/load"), 400);
  aggregator_->Signal(SIGKILL);
  aggregator_->Wait();
  Serve(words);
  EXPECT_EQ(Count(Metrics(), "quay.io/load"), 400);
  EXPECT_EQ(Count(ReadAll(folder_.Path("results")), "\n"), 400);
}

// A file that may not grow stands for a disk that is full.
TEST_F(AggregateMetricsTest, GoesOnWithAFullDisk) {
  Serve({"--data-file", folder_.Path("results")}, [] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {100, 100};
    setrlimit(RLIMIT_FSIZE, &limit);
  });

  EXPECT_THAT(FetchInto(endpoint(), {"quay.io/a:1"}), ExitsWith(0));

  EXPECT_EQ(Count(Metrics(), "quay.io/a:1"), 1);
  EXPECT_THAT(aggregator_->err(),
              HasSubstr("warn results are not saved, only in memory"));
  EXPECT_EQ(ReadAll(folder_.Path("results")), "");
  aggregator_->Signal(SIGTERM);
  EXPECT_THAT(aggregator_->Wait(), ExitsWith(0));
}

}  // namespace
}  // namespace prepull
