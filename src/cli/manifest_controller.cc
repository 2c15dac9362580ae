// From the flags of manifest to the deployment of a controller.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/deploy/names.h"
#include "src/cli/manifest_flags.h"

namespace prepull {
namespace {

absl::Status ParseNames(const std::string& text,
                        std::vector<std::string>& names) {
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    RETURN_IF_ERROR(CheckDnsSubdomain(name));
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\": given twice"));
    }
    names.emplace_back(name);
  }
  return absl::OkStatus();
}

absl::Status CheckGiven(const std::vector<FlagDoc>& given) {
  static constexpr absl::string_view kAllowed[] = {"--namespace",
                                                   "--create-namespace",
                                                   "--flavor",
                                                   "--image",
                                                   "--label",
                                                   "--annotation",
                                                   "--cri-socket",
                                                   "--storage-dir",
                                                   "--secret",
                                                   "--env",
                                                   "--allowed-image-secrets",
                                                   "--log-level",
                                                   "--log-format",
                                                   "--quiet",
                                                   "--verbose"};
  for (const FlagDoc& flag : given) {
    if (std::find(std::begin(kAllowed), std::end(kAllowed), flag.name) !=
        std::end(kAllowed)) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        flag.name, ": not for a controller; a Prepull says what to fetch"));
  }
  return absl::OkStatus();
}

// They would be flags of the controller that contradict what the policy pins.
absl::Status CheckNoFlags(const std::vector<Label>& environment) {
  for (const Label& each : environment) {
    if (!absl::StartsWith(each.key, "PREPULL_")) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--env ", each.key, ": a flag of the controller"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddControllerFlags(Command& command, ManifestFlags& flags) {
  command.Group("Of a controller only");
  command.Custom({.name = "--allowed-image-secrets",
                  .value = "NAME,...",
                  .text = "Secrets of its namespace that a Prepull may name, "
                          "of type kubernetes.io/dockerconfigjson",
                  .is_repeatable = true},
                 [&flags](const std::string& text) {
                   return ParseNames(text, flags.allowed_secrets);
                 });
}

bool IsController(const ManifestFlags& flags) {
  return !flags.words.empty() && flags.words[0] == "controller";
}

absl::StatusOr<ControllerDeployment> ToController(
    const ManifestFlags& flags, const std::vector<FlagDoc>& given) {
  const DeploymentOptions& options = flags.options;
  if (flags.words.size() > 1) {
    return absl::InvalidArgumentError(
        "manifest controller: expected no name: there is one in a namespace");
  }
  RETURN_IF_ERROR(CheckGiven(given));
  RETURN_IF_ERROR(CheckNamespace(options));
  RETURN_IF_ERROR(CheckKeys(options));
  RETURN_IF_ERROR(CheckNoFlags(options.environment));
  RETURN_IF_ERROR(Annotate(CheckSocketFolder(options), "--cri-socket"));
  return ControllerDeployment{
      .pods = {.name_space = options.name_space,
               .image = options.image,
               .flavor = options.flavor,
               .cri_socket = options.cri_socket,
               .storage_folder = options.storage_folder},
      .with_namespace = options.with_namespace,
      .labels = options.labels,
      .annotations = options.annotations,
      .allowed_secrets = flags.allowed_secrets,
      .secret = options.secret,
      .environment = options.environment};
}

}  // namespace prepull
