#include "src/cli/fetch_options.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"
#include "src/cli/credential_flags.h"
#include "src/cli/peers.h"
#include "src/cli/priority_flags.h"

namespace prepull {
namespace {

constexpr int kNarrowestView = 40;

absl::Status ParseConcurrency(const std::string& text, int& concurrency) {
  int number = 0;
  if (text == "auto") {
    concurrency = 0;
  } else if (absl::SimpleAtoi(text, &number) && number >= 1 && number <= 64) {
    concurrency = number;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", Printable(text, 64),
                     "\" is neither auto nor a whole number from 1 to 64"));
  }
  return absl::OkStatus();
}

absl::Status ParsePolicy(const std::string& text, PullPolicy& policy) {
  if (text == "IfNotPresent") {
    policy = PullPolicy::kIfNotPresent;
  } else if (text == "Always") {
    policy = PullPolicy::kAlways;
  } else {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", Printable(text, 64), "\" is neither IfNotPresent nor Always"));
  }
  return absl::OkStatus();
}

void AddPoolFlags(Command& command, PullOptions& pull) {
  command.Custom({.name = "--concurrency",
                  .short_name = "-j",
                  .value = "N",
                  .text = "pulls at once, 1 to 64; auto is 10, but 4 on "
                          "containerd 2.1 and later, whose 3 download slots "
                          "serve the whole node",
                  .fallback = "auto"},
                 [&pull](const std::string& text) {
                   return ParseConcurrency(text, pull.concurrency);
                 });
  command.Integer({.name = "--registry-concurrency",
                   .value = "N",
                   .text = "pulls at once from one registry, 0 = no limit of "
                           "its own",
                   .fallback = "0"},
                  0, 64, pull.registry_concurrency);
  command.Custom({.name = "--pull-policy",
                  .value = "POLICY",
                  .text = "IfNotPresent skips what is on the node; Always "
                          "asks the registry for each image",
                  .fallback = "IfNotPresent",
                  .choices = {"IfNotPresent", "Always"}},
                 [&pull](const std::string& text) {
                   return ParsePolicy(text, pull.policy);
                 });
  command.Switch({.name = "--repull-present",
                  .text = "remove what is on the node and pull it anew, for a "
                          "node whose snapshotter changed"},
                 pull.repull_present);
  command.Switch({.name = "--pin",
                  .text = "protect the list's images from image garbage "
                          "collection (containerd 1.6.24, 1.7.3 and later); "
                          "what cannot be pinned is a warning and changes no "
                          "exit code"},
                 pull.pin);
}

void AddStallFlag(Command& command, absl::Duration& stall_timeout) {
  command.Duration({.name = "--stall-timeout",
                    .value = "D",
                    .text = "where progress can be seen (containerd): an "
                            "attempt that makes none for so long is ended and "
                            "goes on later; adapts to the link; 0 = off",
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
        absl::StrCat("\"", Printable(text, 64),
                     "\" is neither a number of images nor 0% to 100%"));
  }
  tolerance.images = is_percent ? 0 : value;
  tolerance.percent = is_percent ? value : 0;
  return absl::OkStatus();
}

void AddToleranceFlags(Command& command, Tolerance& tolerance) {
  command.Custom({.name = "--failure-tolerance",
                  .value = "N|P%",
                  .text = "with up to so many failed images the run still "
                          "succeeds; P% of the list, rounded down",
                  .fallback = "0"},
                 [&tolerance](const std::string& text) {
                   return ParseTolerance(text, tolerance);
                 });
  command.Switch({.name = "--best-effort",
                  .text = "the run succeeds with any number of failed images; "
                          "so does PRECACHE_BEST_EFFORT=TRUE"},
                 tolerance.any);
}

void AddRetryFlags(Command& command, RetryOptions& retry) {
  command.Duration({.name = "--initial-pull-attempt-timeout",
                    .value = "D",
                    .text = "where no progress can be seen: how long the "
                            "first attempt at an image may take; doubles with "
                            "each attempt",
                    .fallback = "30s"},
                   retry.first_timeout);
  command.Duration({.name = "--max-pull-attempt-timeout",
                    .value = "D",
                    .text = "cap of that doubling; 0 = only the overall "
                            "deadline",
                    .fallback = "0"},
                   retry.max_timeout);
  command.Duration({.name = "--initial-pull-attempt-delay",
                    .value = "D",
                    .text = "pause before the second attempt; doubles with "
                            "each, less up to half by chance",
                    .fallback = "1s"},
                   retry.first_delay);
  command.Duration({.name = "--max-pull-attempt-delay",
                    .value = "D",
                    .text = "cap of that pause",
                    .fallback = "1m"},
                   retry.max_delay);
  command.Integer({.name = "--max-attempts",
                   .value = "N",
                   .text = "attempts at one image, 0 = until the overall "
                           "deadline",
                   .fallback = "0"},
                  0, 1000000, retry.max_attempts);
}

void AddOutputFlags(Command& command, FetchOptions& options) {
  command.Group("Output");
  command.Text({.name = "--status-file",
                .value = "PATH",
                .text = "JSON file that tells of the run from its first "
                        "second, always whole",
                .is_path = true},
               options.status_file);
  command.Text({.name = "--termination-log",
                .value = "PATH",
                .text = "where a container leaves its last words; written "
                        "only if it is there",
                .fallback = "/dev/termination-log",
                .is_path = true},
               options.termination_log);
  command.Switch({.name = "--dry-run", .text = "print the plan, pull nothing"},
                 options.dry_run);
  command.Choice({.name = "--output",
                  .short_name = "-o",
                  .value = "FORMAT",
                  .text = "result on standard output: table (a line an "
                          "image), json (the status document) or name (what "
                          "is on the node)",
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
                .text = "this node's name in the status file; else NODE_NAME, "
                        "else the host's name"},
               options.node);
  AddNodeLabelFlags(command, options.node_label);
  AddTalkFlags(command, options.talk);
}

}  // namespace

void AddFetchFlags(Command& command, FetchOptions& options) {
  AddListFlags(command, options.images);
  AddSourceFlags(command, options.images.sources);
  command.Group("How");
  AddSocketFlag(command, options.images);
  AddPoolFlags(command, options.pull);
  AddStallFlag(command, options.pull.stall_timeout);
  AddRetryFlags(command, options.pull.retry);
  AddToleranceFlags(command, options.pull.tolerance);
  command.Duration({.name = "--overall-timeout",
                    .value = "D",
                    .text = "how long the run may take",
                    .fallback = "20m"},
                   options.overall_timeout);
  command.Duration({.name = "--start-jitter",
                    .value = "D",
                    .text = "a random wait of up to this long, and half the "
                            "run at most, before the first pull, so that a "
                            "fleet does not start in step",
                    .fallback = "0"},
                   options.pull.start_jitter);
  AddPreflightFlags(command, options.preflight);
  AddPriorityFlags(command, options.priority);
  AddCredentialFlags(command, options.images.sources.credentials);
  AddOutputFlags(command, options);
  AddPeerFlags(command, options.peer);
}

bool DrawsView(const FetchOptions& options, const Host& host) {
  if (options.talk.quiet || !host.IsTerminal(Stream::kErr)) return false;
  if (options.progress == "bar") return true;
  return options.progress == "auto" &&
         FromEnvironment(host, "TERM") != "dumb" &&
         host.Window().columns >= kNarrowestView;
}

}  // namespace prepull
