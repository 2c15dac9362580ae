#include "src/cli/fetch_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/fake_host.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::ElementsAre;

class FetchOptionsTest : public ::testing::Test {
 protected:
  FetchOptionsTest() { AddFetchFlags(command_, options_); }

  absl::Status Parse(const std::vector<std::string>& words) {
    return command_.Parse(words, host_);
  }

  FakeHost host_;
  FetchOptions options_;
  Command command_{{.name = "fetch",
                    .summary = "",
                    .about = "",
                    .examples = {},
                    .exit_codes = {}}};
};

TEST_F(FetchOptionsTest, HasTheDefaultsOfTheContract) {
  ASSERT_THAT(Parse({"a:1"}), IsOk());

  EXPECT_THAT(options_.list.images, ElementsAre("a:1"));
  EXPECT_EQ(options_.pull.concurrency, 0);
  EXPECT_EQ(options_.pull.registry_concurrency, 0);
  EXPECT_EQ(options_.pull.policy, PullPolicy::kIfNotPresent);
  EXPECT_EQ(options_.pull.retry.first_timeout, absl::Seconds(30));
  EXPECT_EQ(options_.pull.retry.max_timeout, absl::ZeroDuration());
  EXPECT_EQ(options_.pull.retry.first_delay, absl::Seconds(1));
  EXPECT_EQ(options_.pull.retry.max_delay, absl::Minutes(1));
  EXPECT_EQ(options_.pull.retry.max_attempts, 0);
  EXPECT_EQ(options_.pull.start_jitter, absl::ZeroDuration());
  EXPECT_EQ(options_.overall_timeout, absl::Minutes(20));
  EXPECT_EQ(options_.output, "table");
  EXPECT_EQ(options_.progress, "auto");
  EXPECT_EQ(options_.preflight.disk.space_required_bytes, std::nullopt);
  EXPECT_EQ(options_.preflight.disk.gc_high_threshold_percent, 85);
  EXPECT_EQ(options_.preflight.host_root, "/");
  EXPECT_FALSE(options_.pull.pin);
  EXPECT_FALSE(options_.dry_run);
}

TEST_F(FetchOptionsTest, FillsInWhatIsGiven) {
  ASSERT_THAT(Parse({"--image-list-file=a.txt",
                     "--cri-socket=/run/c.sock",
                     "--concurrency=4",
                     "--registry-concurrency=2",
                     "--pull-policy=Always",
                     "--overall-timeout=1h30m",
                     "--initial-pull-attempt-timeout=5s",
                     "--max-pull-attempt-timeout=2m",
                     "--initial-pull-attempt-delay=2s",
                     "--max-pull-attempt-delay=3m",
                     "--max-attempts=7",
                     "--start-jitter=10s",
                     "--space-required=35GiB",
                     "--gc-high-threshold=70",
                     "--host-root=/host",
                     "--pin",
                     "--rewrite=quay.io=mirror.example",
                     "--docker-config=/run/secret",
                     "--secrets-dir=/run/secrets",
                     "--image-credential-provider-config=/etc/providers.yaml",
                     "--image-credential-provider-bin-dir=/opt/bin",
                     "--failure-tolerance=10%",
                     "--best-effort",
                     "--repull-present",
                     "--status-file=/run/s.json",
                     "--dry-run",
                     "-o",
                     "json",
                     "--progress=none",
                     "--node=worker-1",
                     "--log-format=json",
                     "-q"}),
              IsOk());

  EXPECT_THAT(options_.list.list_files, ElementsAre("a.txt"));
  EXPECT_EQ(options_.cri_socket, "/run/c.sock");
  EXPECT_EQ(options_.pull.concurrency, 4);
  EXPECT_EQ(options_.pull.registry_concurrency, 2);
  EXPECT_EQ(options_.pull.policy, PullPolicy::kAlways);
  EXPECT_EQ(options_.overall_timeout, absl::Minutes(90));
  EXPECT_EQ(options_.pull.retry.first_timeout, absl::Seconds(5));
  EXPECT_EQ(options_.pull.retry.max_timeout, absl::Minutes(2));
  EXPECT_EQ(options_.pull.retry.first_delay, absl::Seconds(2));
  EXPECT_EQ(options_.pull.retry.max_delay, absl::Minutes(3));
  EXPECT_EQ(options_.pull.retry.max_attempts, 7);
  EXPECT_EQ(options_.pull.start_jitter, absl::Seconds(10));
  EXPECT_EQ(options_.preflight.disk.space_required_bytes, int64_t{35} << 30);
  EXPECT_EQ(options_.preflight.disk.gc_high_threshold_percent, 70);
  EXPECT_EQ(options_.preflight.host_root, "/host");
  EXPECT_THAT(options_.list.rewrites, ElementsAre("quay.io=mirror.example"));
  EXPECT_THAT(options_.list.credentials.docker_configs,
              ElementsAre("/run/secret"));
  EXPECT_EQ(options_.list.credentials.secrets_dir, "/run/secrets");
  EXPECT_EQ(options_.list.credentials.provider_config, "/etc/providers.yaml");
  EXPECT_EQ(options_.list.credentials.provider_bin_dir, "/opt/bin");
  EXPECT_EQ(options_.pull.tolerance.percent, 10);
  EXPECT_TRUE(options_.pull.tolerance.any);
  EXPECT_TRUE(options_.pull.repull_present);
  EXPECT_EQ(options_.status_file, "/run/s.json");
  EXPECT_EQ(options_.output, "json");
  EXPECT_EQ(options_.progress, "none");
  EXPECT_EQ(options_.node, "worker-1");
  EXPECT_EQ(options_.logging.log_format, "json");
  EXPECT_TRUE(options_.pull.pin);
  EXPECT_TRUE(options_.dry_run);
  EXPECT_TRUE(options_.logging.quiet);
}

TEST_F(FetchOptionsTest, TakesAConcurrencyFromOneTo64) {
  ASSERT_THAT(Parse({"-j1"}), IsOk());
  EXPECT_EQ(options_.pull.concurrency, 1);
  ASSERT_THAT(Parse({"-j64"}), IsOk());
  EXPECT_EQ(options_.pull.concurrency, 64);
}

TEST_F(FetchOptionsTest, AutoLeavesTheConcurrencyToTheRuntime) {
  ASSERT_THAT(Parse({"-j4", "-jauto"}), IsOk());

  EXPECT_EQ(options_.pull.concurrency, 0);
}

struct RefusedWord {
  std::string word;
  std::string complaint;
};

TEST_F(FetchOptionsTest, SaysWhatIsWrongWithAValue) {
  const std::vector<RefusedWord> rows = {
      {"--concurrency=0",
       "--concurrency: invalid value \"0\": expected auto or 1 to 64"},
      {"--concurrency=65",
       "--concurrency: invalid value \"65\": expected auto or 1 to 64"},
      {"--concurrency=-1",
       "--concurrency: invalid value \"-1\": expected auto or 1 to 64"},
      {"--registry-concurrency=x",
       "--registry-concurrency: Value \"x\" not in range 0 to 64"},
      {"--pull-policy=Never",
       "--pull-policy: Never not in {IfNotPresent,Always}"},
      {"--overall-timeout=20",
       "--overall-timeout: invalid duration \"20\": missing unit: expected "
       "e.g. 30s or 1h30m"},
      {"--overall-timeout=-1s",
       "--overall-timeout: invalid duration \"-1s\": must not be negative"},
      {"--max-attempts=1.5",
       "--max-attempts: Value \"1.5\" not in range 0 to 1000000"},
      {"--failure-tolerance=-1",
       "--failure-tolerance: invalid value \"-1\": expected a number of "
       "images or 0% to 100%"},
      {"--failure-tolerance=101%",
       "--failure-tolerance: invalid value \"101%\": expected a number of "
       "images or 0% to 100%"},
      {"--output=yaml", "--output: yaml not in {table,json,name}"},
      {"--progress=yes", "--progress: yes not in {auto,bar,plain,none}"},
  };
  for (const RefusedWord& row : rows) {
    EXPECT_THAT(Parse({row.word}),
                StatusIs(Code::kInvalidArgument, row.complaint));
  }
}

TEST_F(FetchOptionsTest, CanComeFromTheEnvironment) {
  host_.environment = {{"PREPULL_IMAGE_LIST_FILE", "/a.txt\n/b.txt\n"},
                       {"PREPULL_CONCURRENCY", "3"},
                       {"PREPULL_DRY_RUN", "true"},
                       {"PREPULL_STATUS_FILE", ""},
                       {"PREPULL_PORT", "tcp://10.0.0.1:80"}};

  ASSERT_THAT(Parse({}), IsOk());

  EXPECT_THAT(options_.list.list_files, ElementsAre("/a.txt", "/b.txt"));
  EXPECT_EQ(options_.pull.concurrency, 3);
  EXPECT_EQ(options_.status_file, "");
  EXPECT_TRUE(options_.dry_run);
}

class DrawsViewTest : public ::testing::Test {
 protected:
  DrawsViewTest() {
    host_.err_is_terminal = true;
    host_.environment["TERM"] = "xterm";
  }

  FakeHost host_;
  FetchOptions options_;
};

TEST_F(DrawsViewTest, DrawsOnATerminal) {
  EXPECT_TRUE(DrawsView(options_, host_));
}

TEST_F(DrawsViewTest, DoesNotDrawIntoALog) {
  host_.err_is_terminal = false;
  EXPECT_FALSE(DrawsView(options_, host_));

  options_.progress = "bar";
  EXPECT_FALSE(DrawsView(options_, host_));
}

TEST_F(DrawsViewTest, DoesNotDrawOnADumbTerminal) {
  host_.environment["TERM"] = "dumb";

  EXPECT_FALSE(DrawsView(options_, host_));
}

TEST_F(DrawsViewTest, DoesNotDrawOnANarrowTerminal) {
  host_.window.columns = 39;
  EXPECT_FALSE(DrawsView(options_, host_));

  host_.window.columns = 40;
  EXPECT_TRUE(DrawsView(options_, host_));
}

TEST_F(DrawsViewTest, DrawsOnAnyTerminalIfToldTo) {
  host_.environment["TERM"] = "dumb";
  host_.window.columns = 20;
  options_.progress = "bar";

  EXPECT_TRUE(DrawsView(options_, host_));
}

TEST_F(DrawsViewTest, DoesNotDrawIfToldNotTo) {
  options_.progress = "plain";
  EXPECT_FALSE(DrawsView(options_, host_));

  options_.progress = "none";
  EXPECT_FALSE(DrawsView(options_, host_));

  options_.progress = "bar";
  options_.logging.quiet = true;
  EXPECT_FALSE(DrawsView(options_, host_));
}

}  // namespace
}  // namespace prepull
