#include "src/deploy/admission_policy.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/json_writer.h"
#include "src/deploy/container.h"
#include "src/deploy/metadata.h"
#include "src/deploy/node_pod.h"
#include "src/deploy/objects.h"
#include "src/deploy/volumes.h"

namespace prepull {
namespace {

// A text of CEL, which has JSON's escapes.
std::string CelText(absl::string_view text) {
  std::string quoted;
  AppendJsonString(text, quoted);
  return quoted;
}

std::string CelTexts(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  quoted.reserve(texts.size());
  for (const std::string& text : texts) quoted.push_back(CelText(text));
  return absl::StrCat("[", absl::StrJoin(quoted, ", "), "]");
}

// An object that is admitted fulfils all of them.
class Validations {
 public:
  // All of `parts` must hold.
  void Add(const std::vector<std::string>& parts, absl::string_view message) {
    list_.Append(
        Yaml()
            .Add("expression", Yaml::Block(absl::StrJoin(parts, " &&\n")))
            .Add("message", message));
  }

  Yaml Take() { return std::move(list_); }

 private:
  Yaml list_ = Yaml::List();
};

// What must be absent from `object`.
std::string HasNone(absl::string_view object,
                    const std::vector<absl::string_view>& fields) {
  return absl::StrJoin(fields, " &&\n",
                       [object](std::string* out, absl::string_view field) {
                         absl::StrAppend(out, "!has(", object, ".", field, ")");
                       });
}

// What must be absent or false.
std::string IsNot(absl::string_view object, absl::string_view field) {
  return absl::StrCat("!(has(", object, ".", field, ") && ", object, ".", field,
                      ")");
}

// "has(object.field) && object.field", but for what must hold of the latter.
std::string HasAnd(absl::string_view object, absl::string_view field,
                   absl::string_view must) {
  return absl::StrCat("has(", object, ".", field, ") && ", object, ".", field,
                      must);
}

// Of all items of a list, if there is one.
std::string All(absl::string_view list, absl::string_view item,
                absl::string_view must) {
  return absl::StrCat("(!has(", list, ") || ", list, ".all(", item, ",\n  ",
                      must, "))");
}

void AddContainer(const NodePods& pods, Validations& rules) {
  rules.Add(
      {"variables.pod.containers.size() == 1",
       HasNone("variables.pod", {"initContainers", "ephemeralContainers"})},
      "a node's pod has one container");
  rules.Add(
      {absl::StrCat("variables.container.image == ", CelText(pods.image))},
      absl::StrCat("the image is not ", pods.image));
  std::vector<std::string> words;
  std::vector<std::string> begins;
  for (const ArgumentForm& form : NodeArgumentForms(pods)) {
    (form.is_begin ? begins : words).push_back(form.text);
  }
  rules.Add(
      {HasNone("variables.container", {"command"}),
       HasAnd("variables.container", "args", "[0] in [\"fetch\", \"check\"]"),
       absl::StrCat("variables.container.args.all(a, a in ", CelTexts(words),
                    " ||\n  ", CelTexts(begins),
                    ".exists(b, a.startsWith(b)))")},
      "only fetch and check, with the arguments that the controller "
      "gives them");
  rules.Add({HasNone("variables.container", {"envFrom"}),
             All("variables.container.env", "e",
                 absl::StrCat("e.name in ",
                              CelTexts({std::string(kNodeVariable),
                                        std::string(kDeadlineVariable)}),
                              " && !has(e.valueFrom)"))},
            "only the variables that the controller sets, from nowhere else");
  rules.Add({HasNone("variables.container",
                     {"lifecycle", "livenessProbe", "readinessProbe",
                      "startupProbe", "ports", "volumeDevices"})},
            "a node's container has no probes, hooks, ports and devices");
}

void AddVolumes(const ControllerDeployment& deployment, Validations& rules) {
  const DeploymentOptions options = NodeOptions(deployment.pods);
  std::vector<std::string> folders = {SocketFolder(options)};
  if (!options.storage_folder.empty()) {
    folders.push_back(options.storage_folder);
  }
  rules.Add(
      {All("variables.pod.volumes", "v",
           absl::StrCat("has(v.configMap) ||\n  (",
                        HasAnd("v", "hostPath", ".path in "), CelTexts(folders),
                        ") ||\n  (", HasAnd("v", "secret", ".secretName in "),
                        CelTexts(deployment.allowed_secrets), ")"))},
      absl::StrCat("only ConfigMaps, the allowed Secrets, and of the "
                   "host ",
                   absl::StrJoin(folders, ", ")));
  rules.Add({All("variables.container.volumeMounts", "m",
                 "has(m.readOnly) && m.readOnly &&\n  "
                 "(!has(m.mountPropagation) || m.mountPropagation == "
                 "\"None\")")},
            "all mounts are read-only");
}

void AddConfinement(const NodePods& pods, Validations& rules) {
  rules.Add(
      {IsNot("variables.pod", "hostNetwork"), IsNot("variables.pod", "hostPID"),
       IsNot("variables.pod", "hostIPC")},
      "no network, processes and IPC of the host");
  rules.Add({"has(variables.pod.securityContext)",
             HasAnd("variables.pod.securityContext", "seccompProfile",
                    ".type == \"RuntimeDefault\""),
             HasNone("variables.pod.securityContext",
                     {"seLinuxOptions", "appArmorProfile", "sysctls"})},
            "a node's pod keeps the runtime's profiles");
  const std::string selinux =
      pods.flavor == Flavor::kOpenShift
          ? HasAnd("variables.security", "seLinuxOptions", ".type == \"spc_t\"")
          : HasNone("variables.security", {"seLinuxOptions"});
  const std::string proc_mount =
      "(!has(variables.security.procMount) || "
      "variables.security.procMount == \"Default\")";
  rules.Add(
      {"has(variables.container.securityContext)",
       IsNot("variables.security", "privileged"),
       HasAnd("variables.security", "allowPrivilegeEscalation", " == false"),
       HasAnd("variables.security", "readOnlyRootFilesystem", " == true"),
       HasAnd("variables.security", "capabilities", ".drop == [\"ALL\"]"),
       HasNone("variables.security.capabilities", {"add"}),
       HasNone("variables.security", {"seccompProfile", "appArmorProfile"}),
       proc_mount, selinux},
      "a node's container has no privileges");
  rules.Add(
      {absl::StrCat("variables.pod.serviceAccountName == ",
                    CelText(pods.service_account)),
       HasAnd("variables.pod", "automountServiceAccountToken", " == false"),
       HasNone("variables.pod", {"imagePullSecrets"})},
      absl::StrCat("the account is ", pods.service_account,
                   ", without its token"));
}

// Whether `object` belongs to a Prepull.
std::string IsLabelled(absl::string_view object) {
  return absl::StrCat("has(", object, ".metadata.labels) && ",
                      CelText(kPrepullLabel), " in ", object,
                      ".metadata.labels");
}

// For a request that has no such object, too.
std::string IsLabelledOrNull(absl::string_view object) {
  return absl::StrCat("(", object, " == null || (", IsLabelled(object), "))");
}

Yaml Requests(absl::string_view group, absl::string_view resource,
              const std::vector<std::string>& operations) {
  return Yaml()
      .Add("apiGroups", Yaml::Texts({std::string(group)}))
      .Add("apiVersions", Yaml::Texts({"*"}))
      .Add("operations", Yaml::Texts(operations))
      .Add("resources", Yaml::Texts({std::string(resource)}));
}

Yaml Named(absl::string_view name, absl::string_view expression) {
  return Yaml().Add("name", name).Add("expression", expression);
}

// The beginning of a policy that is about the controller's account only.
Yaml PolicySpec(const ControllerDeployment& deployment, Yaml requests) {
  const std::string user =
      absl::StrCat("system:serviceaccount:", deployment.pods.name_space, ":",
                   kControllerName);
  return Yaml()
      .Add("failurePolicy", "Fail")
      .Add("matchConstraints", Yaml().Add("resourceRules", std::move(requests)))
      .Add("matchConditions",
           Yaml::List({Named(
               "controller",
               absl::StrCat("request.userInfo.username == ", CelText(user)))}));
}

Yaml JobPolicy(const ControllerDeployment& deployment) {
  Validations rules;
  rules.Add({absl::StrCat("object.metadata.namespace == ",
                          CelText(deployment.pods.name_space)),
             IsLabelled("object")},
            absl::StrCat("only Jobs of a Prepull, in namespace ",
                         deployment.pods.name_space));
  AddContainer(deployment.pods, rules);
  AddVolumes(deployment, rules);
  AddConfinement(deployment.pods, rules);
  return PolicySpec(
             deployment,
             Yaml::List({Requests("batch", "jobs", {"CREATE", "UPDATE"})}))
      .Add("variables",
           Yaml::List(
               {Named("pod", "object.spec.template.spec"),
                Named("container", "variables.pod.containers[0]"),
                Named("security", "variables.container.securityContext")}))
      .Add("validations", rules.Take());
}

// RBAC knows names, and those of lists and records are not known before.
Yaml RecordPolicy(const ControllerDeployment& deployment) {
  Validations rules;
  rules.Add({IsLabelledOrNull("object"), IsLabelledOrNull("oldObject")},
            "it belongs to no Prepull");
  return PolicySpec(deployment,
                    Yaml::List({Requests("", "configmaps",
                                         {"CREATE", "UPDATE", "DELETE"}),
                                Requests("batch", "jobs", {"DELETE"})}))
      .Add("validations", rules.Take());
}

}  // namespace

std::vector<ArgumentForm> NodeArgumentForms(const NodePods& pods) {
  std::vector<ArgumentForm> forms = {
      {"fetch"},
      {"check"},
      {"--preflight"},
      {absl::StrCat("--image-list-file=", kListFolder, "/", kListKey)},
      {absl::StrCat("--cri-socket=", SocketOf(NodeOptions(pods)))},
      {absl::StrCat("--secrets-dir=", kLineSecretsFolder)},
      {absl::StrCat("--docker-config=", kSecretFolder, "/"), true},
      {"--overall-timeout=", true},
      {"--check-items=", true},
      {"--space-required=", true}};
  if (!pods.storage_folder.empty()) {
    forms.push_back({absl::StrCat("--host-root=", kHostRoot)});
  }
  for (ArgumentForm& form : forms) form.text = Literal(form.text);
  return forms;
}

std::vector<Yaml> AdmissionPolicies(const ControllerDeployment& deployment,
                                    const DeploymentOptions& controller) {
  std::vector<Yaml> objects;
  const auto add = [&](absl::string_view what, Yaml spec) {
    constexpr absl::string_view kVersion = "admissionregistration.k8s.io/v1";
    const Yaml metadata = ClusterWideMetadata(controller, what);
    objects.push_back(Object(kVersion, "ValidatingAdmissionPolicy")
                          .Add("metadata", metadata)
                          .Add("spec", std::move(spec)));
    objects.push_back(
        Object(kVersion, "ValidatingAdmissionPolicyBinding")
            .Add("metadata", metadata)
            .Add("spec",
                 Yaml()
                     .Add("policyName",
                          absl::StrCat(ClusterWideName(controller), what))
                     .Add("validationActions", Yaml::Texts({"Deny"}))));
  };
  add("-jobs", JobPolicy(deployment));
  add("-records", RecordPolicy(deployment));
  return objects;
}

}  // namespace prepull
