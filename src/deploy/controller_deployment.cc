#include "prepull/deploy/controller_deployment.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/deploy/admission_policy.h"
#include "src/deploy/container.h"
#include "src/deploy/crd.h"
#include "src/deploy/metadata.h"
#include "src/deploy/node_pod.h"
#include "src/deploy/objects.h"
#include "src/deploy/volumes.h"
#include "src/deploy/yaml.h"

namespace prepull {
namespace {

constexpr int kHttpPort = 8080;
constexpr absl::string_view kScratchFolder = "/tmp";
// A catalogue of SQLite is read from a file.
constexpr absl::string_view kScratchSize = "4Gi";

DeploymentOptions ControllerOf(const ControllerDeployment& deployment) {
  return {.name = std::string(kControllerName),
          .image = deployment.pods.image,
          .flavor = deployment.pods.flavor,
          .name_space = deployment.pods.name_space,
          .labels = deployment.labels,
          .annotations = deployment.annotations,
          .secret = deployment.secret,
          .environment = deployment.environment};
}

DeploymentOptions NodesOf(const ControllerDeployment& deployment) {
  DeploymentOptions options = NodeOptions(deployment.pods);
  options.labels = deployment.labels;
  options.annotations = deployment.annotations;
  options.line_secrets = deployment.allowed_secrets;
  return options;
}

// Of its own namespace. It reads no Secret: pods mount them by their names.
std::vector<Yaml> NamespaceRules() {
  return {Rule("prepull.dev", {"prepulls"}, {"get", "list", "watch", "delete"}),
          Rule("prepull.dev", {"prepulls/status"}, {"patch"}),
          Rule("batch", {"jobs"}, {"get", "list", "watch", "create", "delete"}),
          Rule("", {"pods"}, {"get", "list", "watch"}),
          Rule("", {"configmaps"},
               {"get", "list", "watch", "create", "patch", "delete"}),
          Rule("", {"events"}, {"create", "patch"})};
}

std::vector<std::string> ControllerArguments(
    const ControllerDeployment& deployment) {
  const NodePods& pods = deployment.pods;
  std::vector<std::string> words = {
      "controller", absl::StrCat("--namespace=", pods.name_space),
      absl::StrCat("--image=", pods.image)};
  const auto add = [&words](absl::string_view flag, absl::string_view value) {
    if (!value.empty()) words.push_back(absl::StrCat(flag, "=", value));
  };
  add("--flavor", pods.flavor == Flavor::kOpenShift ? "openshift" : "");
  add("--cri-socket", pods.cri_socket);
  add("--storage-dir", pods.storage_folder);
  add("--allowed-image-secrets",
      absl::StrJoin(deployment.allowed_secrets, ","));
  add("--docker-config", deployment.secret.empty() ? "" : kSecretFolder);
  for (std::string& word : words) word = Literal(word);
  return words;
}

Yaml Probe(absl::string_view path) {
  return Yaml()
      .Add("httpGet", Yaml().Add("path", path).Add("port", "http"))
      .Add("timeoutSeconds", Yaml::Number(5));
}

// Whom it runs as. OpenShift gives each namespace numbers of its own.
Yaml Nobody(const ControllerDeployment& deployment, Yaml security) {
  security.Add("runAsNonRoot", Yaml::Bool(true));
  if (deployment.pods.flavor != Flavor::kOpenShift) {
    security.Add("runAsUser", Yaml::Number(kNobody));
  }
  return security;
}

Yaml ControllerContainer(const ControllerDeployment& deployment) {
  Yaml container;
  container.Add("name", "controller")
      .Add("image", deployment.pods.image)
      .Add("imagePullPolicy", "IfNotPresent")
      .Add("args", Yaml::Texts(ControllerArguments(deployment)));
  Yaml environment = Yaml::List();
  for (const Label& each : deployment.environment) {
    environment.Append(
        Yaml().Add("name", each.key).Add("value", Literal(each.value)));
  }
  if (!environment.empty()) container.Add("env", std::move(environment));
  Yaml mounts =
      Yaml::List({Mount("scratch", kScratchFolder, /*is_read_only=*/false)});
  if (!deployment.secret.empty()) {
    mounts.Append(Mount("pull-secret", kSecretFolder));
  }
  return container
      .Add("ports",
           Yaml::List({Yaml()
                           .Add("name", "http")
                           .Add("containerPort", Yaml::Number(kHttpPort))}))
      .Add("livenessProbe", Probe("/healthz"))
      .Add("readinessProbe", Probe("/readyz"))
      .Add("resources",
           Resources({.cpu = "10m", .memory = "64Mi"}, {.memory = "256Mi"}))
      .Add("securityContext", Nobody(deployment, Confinement({})))
      .Add("terminationMessagePolicy", "FallbackToLogsOnError")
      .Add("volumeMounts", std::move(mounts));
}

Yaml ControllerPod(const ControllerDeployment& deployment) {
  Yaml volumes =
      Yaml::List({Yaml()
                      .Add("name", "scratch")
                      .Add("emptyDir", Yaml().Add("sizeLimit", kScratchSize))});
  if (!deployment.secret.empty()) {
    volumes.Append(SecretVolume("pull-secret", deployment.secret));
  }
  return Yaml()
      .Add("serviceAccountName", kControllerName)
      .Add("automountServiceAccountToken", Yaml::Bool(true))
      // A Service named prepull would inject flags of prepull.
      .Add("enableServiceLinks", Yaml::Bool(false))
      .Add("nodeSelector", Yaml().Add("kubernetes.io/os", "linux"))
      .Add("securityContext", PodSecurity())
      .Add("containers", Yaml::List({ControllerContainer(deployment)}))
      .Add("volumes", std::move(volumes));
}

Yaml Controller(const ControllerDeployment& deployment) {
  const DeploymentOptions options = ControllerOf(deployment);
  std::vector<Label> own;
  if (deployment.pods.flavor == Flavor::kOpenShift) {
    own.push_back({"openshift.io/required-scc", "restricted-v2"});
  }
  const Yaml annotations = Annotations(options, own);
  Yaml metadata = Yaml().Add("labels", Labels(options));
  if (!annotations.empty()) metadata.Add("annotations", annotations);
  const Yaml pods = Yaml()
                        .Add("metadata", std::move(metadata))
                        .Add("spec", ControllerPod(deployment));
  // Two at once would do no harm, and no good.
  return Object("apps/v1", "Deployment")
      .Add("metadata", Metadata(options, kControllerName))
      .Add("spec", Yaml()
                       .Add("replicas", Yaml::Number(1))
                       .Add("strategy", Yaml().Add("type", "Recreate"))
                       .Add("selector",
                            Yaml().Add("matchLabels", SelectorLabels(options)))
                       .Add("template", pods));
}

Yaml NetworkPolicy(const DeploymentOptions& options, Yaml selector,
                   Yaml ingress) {
  return Object("networking.k8s.io/v1", "NetworkPolicy")
      .Add("metadata", Metadata(options, options.name))
      .Add("spec", Yaml()
                       .Add("podSelector", std::move(selector))
                       .Add("policyTypes", Yaml::Texts({"Ingress"}))
                       .Add("ingress", std::move(ingress)));
}

Yaml ControllerNetwork(const DeploymentOptions& controller) {
  const Yaml port =
      Yaml().Add("protocol", "TCP").Add("port", Yaml::Number(kHttpPort));
  return NetworkPolicy(controller,
                       Yaml().Add("matchLabels", SelectorLabels(controller)),
                       Yaml::List({Yaml().Add("ports", Yaml::List({port}))}));
}

Yaml NodeNetwork(const DeploymentOptions& nodes) {
  const Yaml labelled =
      Yaml().Add("key", kPrepullLabel).Add("operator", "Exists");
  return NetworkPolicy(nodes,
                       Yaml().Add("matchExpressions", Yaml::List({labelled})),
                       Yaml::List());
}

class Documents {
 public:
  void Add(const Yaml& object, absl::string_view comment = "") {
    documents_.push_back(absl::StrCat(comment, object.Document()));
  }
  void Add(absl::string_view document) { documents_.emplace_back(document); }

  std::string Text() const { return absl::StrJoin(documents_, "---\n"); }

 private:
  std::vector<std::string> documents_;
};

void AddAccounts(const DeploymentOptions& controller,
                 const DeploymentOptions& nodes, Documents& all) {
  all.Add(ServiceAccount(controller));
  all.Add(ServiceAccount(nodes));
  const Yaml of_cluster = ClusterWideMetadata(controller);
  all.Add(Role("ClusterRole", of_cluster,
               {Rule("", {"nodes"}, {"get", "list", "watch"})}));
  all.Add(Binding("ClusterRole", ClusterWideName(controller), of_cluster,
                  controller));
  const Yaml of_namespace = Metadata(controller, controller.name);
  all.Add(Role("Role", of_namespace, NamespaceRules()));
  all.Add(Binding("Role", controller.name, of_namespace, controller));
  if (nodes.flavor != Flavor::kOpenShift) return;
  const Yaml metadata = Metadata(nodes, nodes.name);
  all.Add(SecurityContextConstraints(nodes));
  all.Add(Role("Role", metadata, {ConstraintsRule(nodes)}));
  all.Add(Binding("Role", nodes.name, metadata, nodes));
}

}  // namespace

std::string RenderController(const ControllerDeployment& deployment) {
  const DeploymentOptions controller = ControllerOf(deployment);
  const DeploymentOptions nodes = NodesOf(deployment);
  Documents all;
  if (deployment.with_namespace) all.Add(Namespace(controller));
  all.Add(PrepullCrd());
  AddAccounts(controller, nodes, all);
  for (const Yaml& policy : AdmissionPolicies(deployment, controller)) {
    all.Add(policy);
  }
  all.Add(ControllerNetwork(controller),
          "# What it calls is not restricted: the API server, the cluster's "
          "DNS and the\n# registries of sources have no addresses that hold "
          "for every cluster.\n");
  all.Add(NodeNetwork(nodes));
  all.Add(Controller(deployment));
  return all.Text();
}

}  // namespace prepull
