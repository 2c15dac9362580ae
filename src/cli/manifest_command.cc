// prepull manifest: the Kubernetes objects that run prepull on a cluster.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/deploy/list_text.h"
#include "prepull/deploy/names.h"
#include "prepull/list/list_file.h"
#include "src/cli/commands.h"
#include "src/cli/manifest_flags.h"
#include "src/cli/passed_flags.h"

namespace prepull {
namespace {

constexpr int64_t kLargestFile = 64 << 20;
// A file that is no list at all has a complaint for each of its lines.
constexpr int kMostComplaints = 10;

CommandDoc ManifestDoc() {
  return {
      .name = "manifest",
      .summary = "print YAML that runs prepull on a cluster",
      .about =
          "Prints all objects that a DaemonSet (every node) or a Job (one "
          "node, once) needs\nto fetch a list, for kubectl apply -f -.",
      .examples =
          {"prepull manifest daemonset my-images --images-from images.txt",
           "prepull manifest job my-images --images-from images.txt \\",
           "    --flavor openshift --namespace prepull --create-namespace",
           "prepull manifest daemonset my-images --images-from images.txt \\",
           "    -- --start-jitter=5m --failure-tolerance=10%"},
      .exit_codes = {"0  printed", "2  bad flags, unreadable or empty list"},
      .positional = "daemonset|job NAME [-- FETCH FLAGS]",
      .positional_text =
          "what to print, the name of its objects, and further "
          "flags of fetch as they are",
      .first_words = {"daemonset", "job"}};
}

absl::StatusOr<std::string> ReadList(const std::string& path,
                                     const CommandContext& context) {
  if (path.empty()) {
    return absl::InvalidArgumentError("no images: give --images-from");
  }
  absl::StatusOr<std::string> text =
      path == "-"
          ? context.host.ReadInput(kLargestFile, Instant::Never(), context.stop)
          : context.files.ReadFile(path, kLargestFile);
  if (text.ok()) return text;
  return Annotate(text.status(), path == "-" ? "list standard input" : "list");
}

// Lines that mean nothing: fetch will count each as an image that failed.
void WarnOfLines(const std::vector<ImageRequest>& requests) {
  int complaints = 0;
  for (const ImageRequest& request : requests) {
    if (request.reference.ok()) continue;
    if (++complaints > kMostComplaints) continue;
    Log(LogLevel::kWarn, "line is no image",
        {{"error", std::string(request.reference.status().message())}});
  }
  if (complaints > kMostComplaints) {
    Log(LogLevel::kWarn, "more lines are no images",
        {{"lines", absl::StrCat(complaints - kMostComplaints)}});
  }
}

void WarnOfSize(const std::string& list) {
  if (list.size() > kLargeList) {
    Log(LogLevel::kWarn, "list is close to the most that a ConfigMap holds",
        {{"bytes", absl::StrCat(list.size())},
         {"limit", absl::StrCat(kLargestList)}});
  }
  if (SizeInAnnotation(list) > kLargestAnnotatedList) {
    Log(LogLevel::kWarn, "list is too large for a plain kubectl apply",
        {{"bytes", absl::StrCat(list.size())},
         {"hint", "use kubectl apply --server-side"}});
  }
}

void WarnOfDeadline(const DeploymentOptions& options) {
  const absl::Duration needed = TimeForAllTries(options);
  if (options.workload != Workload::kJob || options.backoff_limit == 0 ||
      options.deadline == absl::ZeroDuration() || options.deadline >= needed) {
    return;
  }
  Log(LogLevel::kWarn, "deadline may end the Job before its retries",
      {{"deadline", absl::FormatDuration(options.deadline)},
       {"needed", absl::FormatDuration(needed)}});
}

// Pods with the annotation are refused elsewhere.
void WarnOfNamespace(const DeploymentOptions& options) {
  if (options.workload != Workload::kJob ||
      options.flavor != Flavor::kOpenShift || options.with_namespace) {
    return;
  }
  Log(LogLevel::kWarn, "the namespace needs an annotation",
      {{"namespace", options.name_space},
       {"annotation", "workload.openshift.io/allowed=management"}});
}

// The Secrets that lines name, each once.
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

class ManifestCommand : public CommandProgram {
 public:
  ManifestCommand() : CommandProgram(ManifestDoc()) {
    AddManifestFlags(command(), flags_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartTalk(flags_.talk, context, /*to_people=*/true);
    const absl::StatusOr<DeploymentOptions> options = Deployment(context);
    if (!options.ok()) {
      return {ExitCode::kBadInput, std::string(options.status().message())};
    }
    context.console.PrintOut(RenderDeployment(*options));
    return {};
  }

 private:
  absl::StatusOr<DeploymentOptions> Deployment(const CommandContext& context) {
    ASSIGN_OR_RETURN(DeploymentOptions options, ToDeployment(flags_));
    RETURN_IF_ERROR(CheckPassedFlags(options.fetch_flags, command(),
                                     !options.storage_folder.empty()));
    ASSIGN_OR_RETURN(const std::string text,
                     ReadList(flags_.list_file, context));
    const std::string name =
        flags_.list_file == "-" ? "standard input" : flags_.list_file;
    absl::StatusOr<std::string> list = ListText(text);
    if (!list.ok()) {
      return Annotate(list.status(), absl::StrCat("list ", name));
    }
    options.list = *std::move(list);
    const std::vector<ImageRequest> requests =
        ParseListFile(options.list, name);
    if (requests.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("list ", name, ": holds no images"));
    }
    ASSIGN_OR_RETURN(options.line_secrets, LineSecrets(requests));
    WarnOfLines(requests);
    WarnOfSize(options.list);
    WarnOfDeadline(options);
    WarnOfNamespace(options);
    return options;
  }

  ManifestFlags flags_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeManifestCommand() {
  return std::make_unique<ManifestCommand>();
}

}  // namespace prepull
