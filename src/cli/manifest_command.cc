// prepull manifest: the Kubernetes objects that run prepull on a cluster.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/deploy/list_text.h"
#include "prepull/deploy/names.h"
#include "prepull/list/list_file.h"
#include "prepull/list/list_hash.h"
#include "prepull/list/unique_images.h"
#include "prepull/source/image_list.h"
#include "src/cli/commands.h"
#include "src/cli/fetch_options.h"
#include "src/cli/manifest_flags.h"

namespace prepull {
namespace {

// A file of another kind has an error on each of its lines.
constexpr int kMaxWarnings = 10;

CommandDoc ManifestDoc() {
  return {
      .name = "manifest",
      .summary = "print YAML that runs prepull on a cluster",
      .about =
          "Prints all objects that a DaemonSet (every node) or a Job (one "
          "node, once) needs\nto fetch a list, for kubectl apply -f -; or the "
          "work of a hub of Open Cluster\nManagement, which runs such a Job "
          "on many clusters. Or those of the controller,\nwhich brings lists "
          "to many nodes as Prepulls ask for it.",
      .examples =
          {"prepull manifest daemonset my-images --images-from images.txt",
           "prepull manifest job my-images --images-from images.txt \\",
           "    --flavor openshift --namespace prepull --create-namespace",
           "prepull manifest daemonset my-images --images-from images.txt \\",
           "    --max-nodes 10 --start-jitter 5m -- --failure-tolerance=10%",
           "prepull manifest job pre-cache --images-from images.txt \\",
           "    --for talm --flavor openshift",
           "prepull manifest hub pre-cache --images-from images.txt \\",
           "    --placement spokes --max-concurrency 10%",
           "prepull manifest job my-images --clean \\",
           "    --status-dir /var/lib/prepull",
           "prepull manifest controller --namespace prepull \\",
           "    --create-namespace --allowed-image-secrets team-a,team-b"},
      .exit_codes = {"0  printed", "2  bad flags, unreadable or empty list"},
      .positional = "KIND [NAME] [-- FETCH FLAGS]",
      .positional_text =
          "what to print: daemonset, job, hub or controller; the name of its "
          "objects, which a controller has already; and further flags for "
          "fetch",
      .first_words = {"daemonset", "job", "hub", "controller"}};
}

// Warns of malformed lines, which fetch will count as failed images.
void WarnOfLines(const std::vector<ImageRequest>& requests) {
  int malformed = 0;
  for (const ImageRequest& request : requests) {
    if (request.reference.ok()) continue;
    if (++malformed > kMaxWarnings) continue;
    Log(LogLevel::kWarn, "line is not an image",
        {{"error", std::string(request.reference.status().message())}});
  }
  if (malformed > kMaxWarnings) {
    Log(LogLevel::kWarn, "more lines are not images",
        {{"lines", absl::StrCat(malformed - kMaxWarnings)}});
  }
}

void WarnOfSize(const std::string& list) {
  if (list.size() > kLargeList) {
    Log(LogLevel::kWarn, "list is close to the most that a ConfigMap holds",
        {{"bytes", absl::StrCat(list.size())},
         {"limit", absl::StrCat(kMaxList)}});
  }
  if (SizeInAnnotation(list) > kMaxAnnotatedList) {
    Log(LogLevel::kWarn, "list is too large for a plain kubectl apply",
        {{"bytes", absl::StrCat(list.size())},
         {"hint", "use kubectl apply --server-side"}});
  }
}

void WarnOfDeadline(const DeploymentOptions& options) {
  const absl::Duration needed = TimeForAllTries(options);
  if (options.workload != Workload::kJob ||
      options.reader == JobReader::kTalm ||
      options.deadline == absl::ZeroDuration() || options.deadline >= needed) {
    return;
  }
  Log(LogLevel::kWarn, "deadline may end the Job before its pods end",
      {{"deadline", absl::FormatDuration(options.deadline)},
       {"needed", absl::FormatDuration(needed)}});
}

// A hub's webhook refuses larger works (500 KiB, in OCM's work/webhook).
void WarnOfWork(const DeploymentOptions& options) {
  constexpr size_t kMaxWorkList = 480 << 10;  // the rest is the objects
  if (!options.hub || options.list.size() <= kMaxWorkList) return;
  Log(LogLevel::kWarn, "list is too large for the work of a hub",
      {{"bytes", absl::StrCat(options.list.size())},
       {"limit", absl::StrCat(kMaxWorkList)}});
}

// Other namespaces refuse pods with the annotation.
void WarnOfNamespace(const DeploymentOptions& options) {
  if (options.flavor != Flavor::kOpenShift || options.with_namespace) return;
  Log(LogLevel::kWarn, "the namespace needs an annotation",
      {{"namespace", options.name_space},
       {"annotation", "workload.openshift.io/allowed=management"}});
}

// Returns the Secrets that lines refer to, each once.
absl::StatusOr<std::vector<std::string>> LineSecrets(
    const std::vector<ImageRequest>& requests) {
  std::vector<std::string> secrets;
  for (const ImageRequest& request : requests) {
    const std::string& secret = request.options.secret;
    if (secret.empty()) continue;
    RETURN_IF_ERROR(Annotate(CheckDnsSubdomain(secret),
                             absl::StrCat(request.origin, ": secret")));
    secrets.push_back(secret);
  }
  std::sort(secrets.begin(), secrets.end());
  secrets.erase(std::unique(secrets.begin(), secrets.end()), secrets.end());
  return secrets;
}

absl::Status InvalidWord(absl::string_view word, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(word, 128), "\": ", why));
}

// The "Output" flags of manifest are about its own log.
bool HasFlag(const Command& manifest, const FlagDoc& flag) {
  const std::vector<FlagDoc>& flags = manifest.flags();
  return std::any_of(flags.begin(), flags.end(), [&](const FlagDoc& each) {
    return each.name == flag.name && each.group != "Output";
  });
}

absl::Status CheckFetchFlag(const FlagDoc& flag, const FetchOptions& options,
                            const Command& manifest, bool sees_disk) {
  if (HasFlag(manifest, flag)) {
    return InvalidWord(flag.name, "flag of manifest: expected before --");
  }
  if (flag.is_path) {
    return InvalidWord(flag.name,
                       "the pod does not have this file: manifest mounts the "
                       "list, --secret, --status-dir and --storage-dir");
  }
  const bool is_about_disk =
      flag.name == "--space-required" || flag.name == "--gc-high-threshold" ||
      (flag.name == "--check-items" && options.preflight.disk.fails());
  if (is_about_disk && !sees_disk) {
    return InvalidWord(flag.name,
                       "the pod does not see the disk of the images: give "
                       "--storage-dir before --");
  }
  return absl::OkStatus();
}

// Checks the words behind "--" by the parser of fetch itself, and by what its
// pod has: no files but those that are mounted, no flags that `manifest` has
// too, and no access to the disk of the images unless `sees_disk`. Errors:
// INVALID_ARGUMENT.
absl::Status CheckFetchFlags(const std::vector<std::string>& words,
                             const Command& manifest, bool sees_disk) {
  for (const std::string& word : words) {
    if (!IsUtf8(word)) return InvalidWord(word, "invalid UTF-8");
  }
  FetchOptions options;
  Command fetch{CommandDoc()};
  AddFetchFlags(fetch, options);
  RETURN_IF_ERROR(fetch.ParseWords(words));
  if (fetch.wants_help())
    return InvalidWord("--help", "not supported in a pod");
  if (!options.list.images.empty()) {
    return InvalidWord(
        options.list.images[0],
        "unexpected word: expected flags of fetch; images belong in the list");
  }
  for (const FlagDoc& flag : fetch.GivenFlags()) {
    RETURN_IF_ERROR(CheckFetchFlag(flag, options, manifest, sees_disk));
  }
  return absl::OkStatus();
}

// The flag of fetch that a variable stands for: "PREPULL_STALL_TIMEOUT".
const FlagDoc* FlagOfVariable(const Command& fetch, absl::string_view name) {
  const std::string flag = absl::StrCat(
      "--", absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", "-"}}));
  const auto found =
      std::find_if(fetch.flags().begin(), fetch.flags().end(),
                   [&flag](const FlagDoc& each) { return each.name == flag; });
  return found != fetch.flags().end() ? &*found : nullptr;
}

// Checks variables that are flags of fetch, as the words behind "--". A
// variable is the only way to give a pod the end that manifest's own --deadline
// gives it. Errors: INVALID_ARGUMENT.
absl::Status CheckVariables(const std::vector<Label>& environment,
                            const Command& manifest, bool sees_disk) {
  for (const Label& variable : environment) {
    absl::string_view name = variable.key;
    if (!absl::ConsumePrefix(&name, "PREPULL_")) continue;
    FetchOptions options;
    Command fetch{CommandDoc()};
    AddFetchFlags(fetch, options);
    const FlagDoc* flag = FlagOfVariable(fetch, name);
    if (flag == nullptr) return InvalidWord(variable.key, "no flag of fetch");
    for (const absl::string_view value : absl::StrSplit(variable.value, '\n')) {
      RETURN_IF_ERROR(
          Annotate(fetch.ParseWords({absl::StrCat(flag->name, "=", value)}),
                   absl::StrCat("--env ", variable.key)));
    }
    if (flag->name == "--deadline") continue;
    RETURN_IF_ERROR(
        Annotate(CheckFetchFlag(*flag, options, manifest, sees_disk),
                 absl::StrCat("--env ", variable.key)));
  }
  return absl::OkStatus();
}

class ManifestCommand : public CommandProgram {
 public:
  ManifestCommand() : CommandProgram(ManifestDoc()) {
    AddManifestFlags(command(), flags_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartLogging(flags_.logging, context, /*hides_info=*/true);
    if (IsController(flags_)) return PrintController(context);
    const absl::StatusOr<DeploymentOptions> options = Deployment(context);
    if (!options.ok()) {
      return {ExitCode::kBadInput, std::string(options.status().message())};
    }
    context.console.PrintOut(RenderDeployment(*options));
    return {};
  }

 private:
  CommandEnd PrintController(const CommandContext& context) {
    const absl::StatusOr<ControllerDeployment> controller =
        ToController(flags_, command().GivenFlags());
    if (!controller.ok()) {
      return {ExitCode::kBadInput, std::string(controller.status().message())};
    }
    WarnOfNamespace(flags_.options);
    context.console.PrintOut(RenderController(*controller));
    return {};
  }

  absl::StatusOr<DeploymentOptions> Deployment(const CommandContext& context) {
    ASSIGN_OR_RETURN(DeploymentOptions options, ToDeployment(flags_));
    if (flags_.clean) {
      RETURN_IF_ERROR(CheckCleanUp(command().GivenFlags(), options));
      return options;
    }
    RETURN_IF_ERROR(CheckFetchFlags(options.fetch_flags, command(),
                                    !options.storage_folder.empty()));
    RETURN_IF_ERROR(CheckVariables(options.environment, command(),
                                   !options.storage_folder.empty()));
    if (flags_.list_file.empty()) {
      return absl::InvalidArgumentError("no images: give --images-from");
    }
    ASSIGN_OR_RETURN(const ListFileText file,
                     ReadListText(flags_.list_file, {.host = context.host,
                                                     .files = context.files,
                                                     .clock = context.clock,
                                                     .stop = context.stop}));
    const absl::StatusOr<std::string> text = ListText(file.text);
    RETURN_IF_ERROR(Annotate(text.status(), absl::StrCat("list ", file.name)));
    const std::vector<ImageRequest> requests =
        UniqueImages(ParseListFile(*text, file.name));
    if (requests.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("list ", file.name, ": holds no images"));
    }
    // Two lists with the same hash are the same ConfigMap.
    options.list = NormalisedList(requests);
    RETURN_IF_ERROR(Annotate(CheckListSize(options.list),
                             absl::StrCat("list ", file.name)));
    options.list_hash = ListHash(requests);
    if (options.result_configmap ==
        absl::StrCat(options.name, "-", options.list_hash)) {
      return absl::InvalidArgumentError(
          "--result-configmap: it is the name of the list's own ConfigMap");
    }
    ASSIGN_OR_RETURN(options.line_secrets, LineSecrets(requests));
    WarnOfLines(requests);
    WarnOfSize(options.list);
    WarnOfDeadline(options);
    if (options.workload == Workload::kJob) WarnOfNamespace(options);
    WarnOfWork(options);
    return options;
  }

  ManifestFlags flags_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeManifestCommand() {
  return std::make_unique<ManifestCommand>();
}

}  // namespace prepull
