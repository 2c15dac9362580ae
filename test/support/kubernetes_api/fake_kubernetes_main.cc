// fake_kubernetes [--port P] [--kubeconfig FILE] [--namespace NAME] [--nodes N]
// [--pull-time D] [--fail-share S] [--dead N] [--heartbeat D] [--node-images N]
// [--managed-bytes N] [--haste F]: a Kubernetes API server with a cluster, for
// scripts/bench and end-to-end tests. Its nodes are node-00000 to N; there each
// pod takes D; a share S of the nodes, spread evenly, ends with code 1, and
// N nodes die while their first pod runs. It serves plain HTTP at 127.0.0.1:P,
// and TLS at a port that FILE names, which it writes. Says "port P" and
// "ready", and ends at SIGTERM.
//
// GET /fake/writes tells what it cost (write_statistics.h), POST /fake/...
// changes it (control_pages.h).
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "test/support/cri/stop_signals.h"
#include "test/support/kubernetes_api/control_pages.h"
#include "test/support/kubernetes_api/fake_cluster.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"
#include "test/support/kubernetes_api/kubernetes_server.h"
#include "test/support/kubernetes_api/running_cluster.h"
#include "test/support/kubernetes_api/write_statistics.h"

namespace prepull {
namespace {

struct Flags {
  uint32_t port = 0;
  std::string kubeconfig = "";
  std::string name_space = "prepull";
  int nodes = 3;
  absl::Duration pull_time = absl::Seconds(1);
  double fail_share = 0;
  int dead = 0;
  absl::Duration heartbeat = absl::InfiniteDuration();
  int node_images = 0;
  int managed_bytes = 0;
  double haste = 1.0;
};

bool ParseFlag(const std::string& flag, const std::string& value,
               Flags& flags) {
  const std::map<std::string, std::function<bool()>> parsers = {
      {"--port", [&] { return absl::SimpleAtoi(value, &flags.port); }},
      {"--kubeconfig", [&] { return !(flags.kubeconfig = value).empty(); }},
      {"--namespace", [&] { return !(flags.name_space = value).empty(); }},
      {"--nodes", [&] { return absl::SimpleAtoi(value, &flags.nodes); }},
      {"--pull-time",
       [&] { return absl::ParseDuration(value, &flags.pull_time); }},
      {"--fail-share",
       [&] { return absl::SimpleAtod(value, &flags.fail_share); }},
      {"--dead", [&] { return absl::SimpleAtoi(value, &flags.dead); }},
      {"--heartbeat",
       [&] { return absl::ParseDuration(value, &flags.heartbeat); }},
      {"--node-images",
       [&] { return absl::SimpleAtoi(value, &flags.node_images); }},
      {"--managed-bytes",
       [&] { return absl::SimpleAtoi(value, &flags.managed_bytes); }},
      {"--haste", [&] { return absl::SimpleAtod(value, &flags.haste); }}};
  const auto parser = parsers.find(flag);
  return parser != parsers.end() && parser->second();
}

std::string NodeName(int index) { return absl::StrFormat("node-%05d", index); }

// Whether the node is among `chosen` of `all` that are spread evenly.
bool IsChosen(int64_t index, int64_t chosen, int64_t all) {
  return (index + 1) * chosen / all > index * chosen / all;
}

void AddNodes(const Flags& flags, FakeCluster& cluster) {
  const int failing = static_cast<int>(flags.nodes * flags.fail_share);
  cluster.ScriptTheRest(PodPlay{.takes = flags.pull_time});
  for (int i = 0; i < flags.nodes; ++i) {
    const std::string name = NodeName(i);
    cluster.AddNode({.name = name, .images = flags.node_images});
    PodPlay play = {.takes = flags.pull_time};
    if (IsChosen(i, flags.dead, flags.nodes)) {
      play.kills_node = true;
      cluster.Script(name, {play});
    } else if (IsChosen(i, failing, flags.nodes)) {
      play.exit_code = 1;
      cluster.Script(name, {play});
    }
  }
}

int Main(int argc, char** argv) {
  const StopSignals signals;
  Flags flags;
  bool ok = argc % 2 == 1;
  for (int i = 1; ok && i + 1 < argc; i += 2) {
    ok = ParseFlag(argv[i], argv[i + 1], flags);
  }
  if (!ok) {
    std::fputs("fake_kubernetes: see its source for its flags\n", stderr);
    return 2;
  }
  SystemClock clock;
  WriteStatistics statistics(clock);
  RunningCluster running(
      {.managed_bytes = static_cast<size_t>(flags.managed_bytes)},
      {.heartbeat = flags.heartbeat,
       .haste = flags.haste,
       .on_job_over = [&](const JobSpecSight& job) {
         statistics.OnJobOver(job);
       }});
  FakeKubernetes& kubernetes = running.kubernetes();
  kubernetes.OnWrite([&](const FakeKubernetes::Write& write) {
    statistics.OnWrite(write, kubernetes);
  });
  AddNodes(flags, running.cluster());
  ControlPages pages(kubernetes, running.cluster());
  const KubernetesServer plain(
      kubernetes,
      {.port = static_cast<uint16_t>(flags.port),
       .other_pages =
           [&](const HttpRequest& request) -> std::optional<HttpResponse> {
         if (request.method == "GET" &&
             absl::EndsWith(request.url, "/fake/writes")) {
           return JsonAnswer(
               200, statistics.Json(kubernetes, running.cluster().writes()));
         }
         return pages.Answer(request);
       }});
  const std::string kubeconfig = running.Kubeconfig(flags.name_space);
  const bool is_ready =
      plain.port() != 0 && (flags.kubeconfig.empty() ||
                            std::ofstream(flags.kubeconfig)
                                .write(kubeconfig.data(), kubeconfig.size())
                                .good());
  if (!is_ready) {
    std::fputs("fake_kubernetes: no port or no kubeconfig\n", stderr);
    return 1;
  }
  std::printf("port %d\n", plain.port());
  signals.SayReadyAndWait();
  return 0;
}

}  // namespace
}  // namespace prepull

int main(int argc, char** argv) { return prepull::Main(argc, argv); }
