#include "prepull/kube/node_labeler.h"

#include <stop_token>
#include <string>
#include <vector>

#include "prepull/base/log.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/fake_http_client.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class NodeLabelerTest : public testing::Test {
 protected:
  NodeLabelerTest() {
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
    host_.environment["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
    EXPECT_THAT(files_.WriteFileAtomically("/sa/token", "token-1"), IsOk());
  }
  ~NodeLabelerTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  void Label() {
    const NodeLabelOptions options = {.label = NodeLabel{.key = "x/y"},
                                      .service_account_dir = "/sa"};
    NodeLabeler labeler(options, {host_, files_, clock_, http_});
    prepull::Run run({.node = "worker-1"});
    labeler.Start(run);
    run.End({.code = ExitCode::kOk}, clock_.WallNow());
    labeler.Finish(run, stop_.get_token());
  }

  FakeClock clock_;
  const Instant start_ = clock_.Now();
  FakeHost host_;
  FakeFileSystem files_;
  FakeHttpClient http_{clock_};
  std::stop_source stop_;
  std::vector<std::string> warnings_;
};

TEST_F(NodeLabelerTest, PatchesThatLabelAndNothingElse) {
  Label();

  ASSERT_THAT(http_.calls(), SizeIs(1));
  const HttpRequest& request = http_.calls()[0].request;
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.url, "https://10.0.0.1:443/api/v1/nodes/worker-1");
  EXPECT_EQ(request.headers[2].value, "application/merge-patch+json");
  EXPECT_EQ(request.body, R"({"metadata":{"labels":{"x/y":"succeeded"}}})");
}

TEST_F(NodeLabelerTest, SaysWhichPermissionIsMissing) {
  http_.Script({FakeHttpClient::Status(403)});

  Label();

  EXPECT_THAT(warnings_, ElementsAre(HasSubstr(
                             "the API server answered 403 (the "
                             "account needs \\\"patch\\\" on \\\"nodes\\\")")));
}

TEST_F(NodeLabelerTest, SaysThatThereIsNoSuchNode) {
  http_.Script({FakeHttpClient::Status(404)});

  Label();

  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("the API server answered 404 (--node or "
                                    "NODE_NAME must be the Node's name)")));
}

TEST_F(NodeLabelerTest, GivesUpAfterTenSeconds) {
  http_.Script({{.takes = absl::InfiniteDuration()}});

  Label();

  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(10));
  EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(NodeLabelerTest, HasTwoSecondsInARunThatWasStopped) {
  stop_.request_stop();
  http_.Script({{.takes = absl::InfiniteDuration()}});

  Label();

  EXPECT_EQ(clock_.Now() - start_, absl::Seconds(2));
  EXPECT_THAT(warnings_, SizeIs(1));
}

}  // namespace
}  // namespace prepull
