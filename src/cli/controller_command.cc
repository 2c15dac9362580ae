// prepull controller: brings lists to many nodes, by Jobs of Kubernetes.
#include <malloc.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/controller/controller.h"
#include "prepull/deploy/names.h"
#include "prepull/http/http_client.h"
#include "prepull/http/http_server.h"
#include "prepull/kube/kubeconfig.h"
#include "src/cli/commands.h"
#include "src/cli/shared_flags.h"

namespace prepull {
namespace {

constexpr char kAccountFolder[] =
    "/var/run/secrets/kubernetes.io/serviceaccount";

CommandDoc ControllerDoc() {
  return {.name = "controller",
          .summary = "bring the lists of Prepulls to the nodes of a cluster",
          .about =
              "Works on the Prepulls of its namespace until SIGTERM: a Job for "
              "each node, so\nmany at a time as the Prepull says, and its "
              "status tells what became of them.\nIt may be killed at any "
              "moment: 'prepull manifest controller' prints all that\nit "
              "needs in a cluster.",
          .examples = {"prepull controller --image quay.io/team/prepull:1",
                       "prepull controller --kubeconfig ~/.kube/config "
                       "--namespace prepull \\",
                       "    --image quay.io/team/prepull:1 --http-listen "
                       "127.0.0.1:8080"},
          .exit_codes = {"0  stopped by a signal",
                         "2  bad flags, no API server, or a port that is taken",
                         "70 internal error"},
          .waits_for_stop = true};
}

class ControllerCommand : public CommandProgram {
 public:
  ControllerCommand() : CommandProgram(ControllerDoc()) {
    AddClusterFlags();
    AddPodFlags();
    command().Group("Registries of sources");
    AddRegistryFlags(command(), options_.sources.registry);
    AddCredentialFlags(command(), options_.sources.credentials);
    command().Group("Output");
    command().Text({.name = "--http-listen",
                    .value = "[ADDRESS]:PORT",
                    .text = "where /healthz, /readyz and /metrics are served, "
                            "without TLS; port 0 = a free one",
                    .fallback = ":8080"},
                   listen_);
    AddLoggingFlags(command(), logging_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartLogging(logging_, context, /*hides_info=*/false);
    // Else each of its threads gets a heap of its own, to read one list.
    mallopt(M_ARENA_MAX, 1);
    absl::StatusOr<ApiServer> server = FindCluster(context);
    if (!server.ok()) return Failed(ExitCode::kBadInput, server.status());
    if (options_.pods.image.empty()) {
      return {ExitCode::kBadInput,
              "controller: --image is missing: the image of prepull that the "
              "nodes run"};
    }
    absl::StatusOr<ListeningSocket> socket = ListeningSocket::OpenAt(listen_);
    if (!socket.ok()) {
      return Failed(ExitCode::kBadInput,
                    Annotate(socket.status(), "--http-listen"));
    }
    const std::unique_ptr<HttpClient> http =
        MakeHttpClient(context.files, context.clock);
    Controller controller(options_, *std::move(server),
                          {.host = context.host,
                           .files = context.files,
                           .clock = context.clock,
                           .http = *http});
    Log(LogLevel::kInfo, "controller started",
        {{"namespace", options_.pods.name_space},
         {"http_port", static_cast<int64_t>(socket->port())}});
    const WebServer pages(*std::move(socket),
                          [&controller](absl::string_view path) {
                            return controller.Page(path);
                          });
    controller.Run(context.stop);
    Log(LogLevel::kInfo, "controller stopped");
    return {};
  }

 private:
  void AddClusterFlags() {
    command().Group("Cluster");
    command().Custom({.name = "--namespace",
                      .value = "NAME",
                      .text = "where its Prepulls and all that it makes are; "
                              "by default that of its pod, or of the "
                              "kubeconfig"},
                     [this](const std::string& text) {
                       options_.pods.name_space = text;
                       return CheckDnsLabel(text);
                     });
    command().Text({.name = "--kubeconfig",
                    .value = "FILE",
                    .text = "asks the API server as its current context says; "
                            "without it as the pod's service account",
                    .is_path = true},
                   kubeconfig_);
    command().Texts({.name = "--allowed-image-secrets",
                     .value = "NAME[,NAME...]",
                     .text = "the Secrets of the namespace that Prepulls may "
                             "name; none by default"},
                    secrets_);
  }

  void AddPodFlags() {
    command().Group("Pods on nodes");
    NodePods& pods = options_.pods;
    command().Text(
        {.name = "--image", .value = "IMAGE", .text = "prepull's own image"},
        pods.image);
    command().Custom({.name = "--service-account",
                      .value = "NAME",
                      .text = "of the pods, which get no token",
                      .fallback = pods.service_account},
                     [&pods](const std::string& text) {
                       pods.service_account = text;
                       return CheckDnsSubdomain(text);
                     });
    command().Choice({.name = "--flavor",
                      .value = "F",
                      .text = "vanilla, or openshift: CRI-O's socket, SELinux",
                      .fallback = "vanilla"},
                     {"vanilla", "openshift"}, flavor_);
    command().Custom({.name = "--cri-socket",
                      .value = "PATH",
                      .text = "the runtime's socket on the nodes; by default "
                              "that of the flavor"},
                     [&pods](const std::string& text) {
                       pods.cri_socket = text;
                       return CheckHostPath(text);
                     });
    command().Custom({.name = "--storage-dir",
                      .value = "PATH",
                      .text = "the runtime's images on the nodes, for "
                              "checkItems disk and spaceRequired"},
                     [&pods](const std::string& text) {
                       pods.storage_folder = text;
                       return CheckHostPath(text);
                     });
  }

  absl::StatusOr<ApiServer> FindCluster(const CommandContext& context) {
    options_.pods.flavor =
        flavor_ == "openshift" ? Flavor::kOpenShift : Flavor::kVanilla;
    for (const std::string& names : secrets_) {
      for (const absl::string_view name :
           absl::StrSplit(names, ',', absl::SkipEmpty())) {
        RETURN_IF_ERROR(
            Annotate(CheckDnsSubdomain(name), "--allowed-image-secrets"));
        options_.allowed_secrets.emplace_back(name);
      }
    }
    std::string& name_space = options_.pods.name_space;
    if (!kubeconfig_.empty()) {
      ASSIGN_OR_RETURN(const Kubeconfig config,
                       ReadKubeconfig(kubeconfig_, context.files));
      if (name_space.empty()) name_space = config.object_namespace;
      return config.server;
    }
    absl::StatusOr<ApiServer> server =
        FindApiServer(context.host, kAccountFolder);
    if (!server.ok()) {
      return absl::NotFoundError(
          "no API server: not in a pod of Kubernetes, and no --kubeconfig");
    }
    if (name_space.empty()) {
      ASSIGN_OR_RETURN(name_space,
                       ReadNamespace(kAccountFolder, context.files));
    }
    return server;
  }

  ControllerOptions options_;
  std::string kubeconfig_;
  std::string flavor_ = "vanilla";
  std::vector<std::string> secrets_;
  std::string listen_ = ":8080";
  LoggingOptions logging_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeControllerCommand() {
  return std::make_unique<ControllerCommand>();
}

}  // namespace prepull
