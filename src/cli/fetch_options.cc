#include "src/cli/fetch_options.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/random.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/report/run_document.h"
#include "src/cli/compatibility.h"
#include "src/cli/fetch_result.h"
#include "src/cli/shared_flags.h"

namespace prepull {
namespace {

constexpr int kMinViewColumns = 40;

// Which pulls run at the same time.
void AddSlotFlags(Command& command, PullOptions& pull) {
  command.Custom({.name = "--concurrency",
                  .short_name = "-j",
                  .value = "N",
                  .text = "pulls at once, 1 to 64; auto is 10, of which on "
                          "containerd 2.1 and later 4 download, because 3 "
                          "download slots serve the whole node; on CRI-O 5, "
                          "or 3 with --layer-order off, and one more for each "
                          "download that rests",
                  .fallback = "auto"},
                 [&pull](const std::string& text) {
                   ASSIGN_OR_RETURN(pull.concurrency, ParseConcurrency(text));
                   return absl::OkStatus();
                 });
  command.Integer({.name = "--registry-concurrency",
                   .value = "N",
                   .text = "pulls at once from one registry, 0 = no separate "
                           "limit",
                   .fallback = "0"},
                  0, 64, pull.registry_concurrency);
  command.Choice({.name = "--layer-order",
                  .value = "HOW",
                  .text = "auto: on CRI-O, which shares no download between "
                          "pulls, read the manifests first, and never run two "
                          "pulls that need the same layer; off: do not",
                  .fallback = "auto"},
                 {"auto", "off"},
                 [&pull](size_t choice) { pull.layer_order = choice == 0; });
}

void AddConnectionsFlag(Command& command, bool& watch) {
  command.Choice(
      {.name = "--watch-connections",
       .value = "HOW",
       .text = "auto: watch the runtime's own connections where that is "
               "permitted (root, hostPID, CAP_SYS_PTRACE): a pull "
               "is never cut while they receive, and a silent one "
               "is ended so that its pull goes on; off: do not",
       .fallback = "auto"},
      {"auto", "off"}, [&watch](size_t choice) { watch = choice == 0; });
}

void AddPullFlags(Command& command, PullOptions& pull) {
  command.Choice(
      {
          .name = "--pull-policy",
          .value = "POLICY",
          .text = "IfNotPresent skips images that are on the node; "
                  "Always asks the registry for each image",
          .fallback = "IfNotPresent",
      },
      {"IfNotPresent", "Always"}, [&pull](size_t choice) {
        pull.policy =
            choice == 0 ? PullPolicy::kIfNotPresent : PullPolicy::kAlways;
      });
  command.Switch({.name = "--repull-present",
                  .text = "remove images that are on the node and pull them "
                          "again, for a node whose snapshotter changed"},
                 pull.repull_present);
  command.Switch({.name = "--pin",
                  .text = "protect the images of the list from image garbage "
                          "collection (containerd 1.6.24, 1.7.3 and later); "
                          "an image that cannot be pinned is a warning and "
                          "changes no exit code"},
                 pull.pin);
}

void AddStallFlag(Command& command, absl::Duration& stall_timeout) {
  command.Duration(
      {.name = "--stall-timeout",
       .value = "D",
       .text = "end a connection of the runtime that is silent for "
               "this long; where connections cannot be seen but "
               "byte progress can (containerd), cancel an attempt "
               "without any and resume it later; adapts to the "
               "link; 0 = neither",
       .fallback = "5s"},
      stall_timeout);
}

absl::Status ParseTolerance(const std::string& text, Tolerance& tolerance) {
  absl::string_view number = text;
  const bool is_percent = absl::ConsumeSuffix(&number, "%");
  int value = 0;
  if (!absl::SimpleAtoi(number, &value) || value < 0 ||
      (is_percent && value > 100)) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid value \"", Printable(text, 64),
                     "\": expected a number of images or 0% to 100%"));
  }
  tolerance.images = is_percent ? 0 : value;
  tolerance.percent = is_percent ? value : 0;
  return absl::OkStatus();
}

void AddToleranceFlags(Command& command, Tolerance& tolerance) {
  command.Custom({.name = "--failure-tolerance",
                  .value = "N|P%",
                  .text = "exit 0 if at most N (or P% of the list, rounded "
                          "down) images failed",
                  .fallback = "0"},
                 [&tolerance](const std::string& text) {
                   return ParseTolerance(text, tolerance);
                 });
  command.Switch({.name = "--best-effort",
                  .text = "exit 0 however many images failed; "
                          "PRECACHE_BEST_EFFORT=TRUE does the same"},
                 tolerance.any);
}

void AddRetryFlags(Command& command, RetryOptions& retry) {
  command.Duration({.name = "--initial-pull-attempt-timeout",
                    .value = "D",
                    .text = "where byte progress is unknown: limit for the "
                            "first attempt at an image, plus 4 s for each MB "
                            "that it is known to need; doubles with each "
                            "attempt",
                    .fallback = "30s"},
                   retry.first_timeout);
  command.Duration({.name = "--max-pull-attempt-timeout",
                    .value = "D",
                    .text = "maximum of that limit; 0 = only the overall "
                            "deadline",
                    .fallback = "0"},
                   retry.max_timeout);
  command.Duration({.name = "--initial-pull-attempt-delay",
                    .value = "D",
                    .text = "delay before the second attempt; doubles with "
                            "each attempt, with up to 50% random jitter",
                    .fallback = "1s"},
                   retry.first_delay);
  command.Duration({.name = "--max-pull-attempt-delay",
                    .value = "D",
                    .text = "maximum of that delay",
                    .fallback = "1m"},
                   retry.max_delay);
  command.Integer({.name = "--max-attempts",
                   .value = "N",
                   .text = "attempts per image, 0 = until the overall deadline",
                   .fallback = "0"},
                  0, 1000000, retry.max_attempts);
}

void AddPriorityFlags(Command& command, Priority& priority) {
  command.Integer({.name = "--nice",
                   .value = "N",
                   .text = "niceness of prepull itself, -20 to 19; the pulls "
                           "run in the runtime, so --concurrency slows them "
                           "more"},
                  -20, 19, priority.nice);
  // In the order of the kernel's numbers.
  command.Choice({.name = "--ionice-class",
                  .value = "CLASS",
                  .text = "I/O class of prepull itself: none, realtime, "
                          "best-effort or idle"},
                 {"none", "realtime", "best-effort", "idle"},
                 [&priority](size_t choice) {
                   priority.io_class = static_cast<IoClass>(choice);
                 });
  command.Integer({.name = "--ionice-priority",
                   .value = "N",
                   .text = "level within realtime or best-effort, 0 (highest) "
                           "to 7"},
                  0, 7, priority.io_level);
}

void AddNodeLabelFlags(Command& command, NodeLabelOptions& options) {
  command.Custom(
      {.name = "--node-label",
       .value = "KEY[=SUCCEEDED[,FAILED[,INCOMPLETE]]]",
       .text = "label the Node with the result at the end: succeeded, failed "
               "or incomplete (can be continued), or the given values; KEY "
               "auto is image-prefetcher's, with INSTANCE_NAME; changes no "
               "exit code"},
      [&options](const std::string& text) -> absl::Status {
        ASSIGN_OR_RETURN(options.label, ParseNodeLabel(text));
        return absl::OkStatus();
      });
  command.Text({.name = "--service-account-dir",
                .value = "DIR",
                .text = "folder of the service account's token, ca.crt and "
                        "namespace, for --node-label and --result-configmap; "
                        "the token is read again for each try",
                .fallback = options.service_account_dir,
                .is_path = true},
               options.service_account_dir);
}

void AddOutputFlags(Command& command, FetchOptions& options) {
  command.Group("Output");
  command.Text({.name = "--status-file",
                .value = "PATH",
                .text = "JSON file with the state of the run, from its start "
                        "on and always whole",
                .is_path = true},
               options.status_file);
  AddTerminationLogFlag(command, options.termination_log);
  command.Switch({.name = "--dry-run", .text = "print the plan, pull nothing"},
                 options.dry_run);
  command.Choice({.name = "--output",
                  .short_name = "-o",
                  .value = "FORMAT",
                  .text = "result on standard output: table (a line per "
                          "image), json (the status document) or name (the "
                          "images on the node)",
                  .fallback = "table"},
                 {"table", "json", "name"}, options.output);
  command.Choice({.name = "--progress",
                  .value = "HOW",
                  .text = "progress on standard error: bar, plain, none, or "
                          "auto (bar on a terminal, else plain)",
                  .fallback = "auto"},
                 {"auto", "bar", "plain", "none"}, options.progress);
  command.Text({.name = "--node",
                .value = "NAME",
                .text = "name of this node in the status file; else "
                        "NODE_NAME, else the host name"},
               options.node);
  AddResultFlags(command, options.result);
  AddNodeLabelFlags(command, options.node_label);
  AddLoggingFlags(command, options.logging);
}

// Returns the images that earlier runs left unusable, from the last status
// file.
std::set<std::string> UnusableOf(const std::string& path,
                                 const CommandContext& context) {
  const absl::StatusOr<FileKind> kind = context.files.KindOf(path);
  if (!kind.ok() || *kind != FileKind::kFile) return {};  // none, most likely
  const absl::StatusOr<std::string> text =
      context.files.ReadFile(path, kMaxDocumentBytes);
  if (!text.ok()) return {};
  const absl::StatusOr<ReadRun> last = ParseRunDocument(*text);
  return last.ok() ? last->run.not_usable() : std::set<std::string>();
}

}  // namespace

void AddFetchFlags(Command& command, FetchOptions& options) {
  AddListFlags(command, options.list);
  AddSourceFlags(command, options.list);
  command.Group("How");
  AddSocketFlag(command, options.cri_socket);
  AddSlotFlags(command, options.pull);
  AddPullFlags(command, options.pull);
  AddConnectionsFlag(command, options.pull.watch_connections);
  AddStallFlag(command, options.pull.stall_timeout);
  AddRetryFlags(command, options.pull.retry);
  AddToleranceFlags(command, options.pull.tolerance);
  command.Duration({.name = "--overall-timeout",
                    .value = "D",
                    .text = "limit for the whole run",
                    .fallback = "20m"},
                   options.overall_timeout);
  AddDeadlineFlag(command, options.deadline);
  command.Duration({.name = "--start-jitter",
                    .value = "D",
                    .text = "random delay before the first pull, at most this "
                            "long and half of the overall timeout, so that a "
                            "fleet does not start at the same time",
                    .fallback = "0"},
                   options.pull.start_jitter);
  AddFitnessFlags(command, options.preflight);
  AddHostRootFlag(command, options.preflight.host_root);
  AddPriorityFlags(command, options.priority);
  AddCredentialFlags(command, options.list.credentials);
  AddOutputFlags(command, options);
  AddCompatibilityFlags(command, options.compatibility);
}

bool DrawsView(const FetchOptions& options, const Host& host) {
  if (options.logging.quiet || !host.IsTerminal(Stream::kErr)) return false;
  if (options.progress == "bar") return true;
  return options.progress == "auto" &&
         FromEnvironment(host, "TERM") != "dumb" &&
         host.Window().columns >= kMinViewColumns;
}

RunStart StartOf(absl::Duration overall_timeout, const Deadline& deadline,
                 const CommandContext& context) {
  const absl::Time started_at =
      context.clock.WallNow() - (context.clock.Now() - context.started);
  // From now on by our clock: the wall clock may jump.
  const absl::Duration left = deadline.after.value_or(
      deadline.at.value_or(absl::InfiniteFuture()) - started_at);
  return {.id = RandomHex(16),
          .started_at = started_at,
          .start = context.started,
          .overall_timeout =
              std::max(std::min(overall_timeout, left), absl::ZeroDuration())};
}

Run NewRun(const FetchOptions& options, const std::string& status_file,
           const CommandContext& context) {
  std::string node = options.node;
  if (node.empty()) node = FromEnvironment(context.host, "NODE_NAME");
  if (node.empty()) node = context.host.HostName();
  RunStart start = StartOf(options.overall_timeout, options.deadline, context);
  start.node = Printable(node, 256);
  start.instance =
      Printable(FromEnvironment(context.host, "INSTANCE_NAME"), 256);
  Run run(std::move(start));
  for (const std::string& name : UnusableOf(status_file, context)) {
    run.MarkNotUsable(name);
  }
  return run;
}

}  // namespace prepull
