// prepull check: is every image of a list on this node?
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/log.h"
#include "prepull/base/random.h"
#include "prepull/base/text.h"
#include "prepull/node/inventory.h"
#include "prepull/node/node_listing.h"
#include "prepull/pull/engine.h"
#include "prepull/report/lines.h"
#include "prepull/runtime/connect.h"
#include "prepull/source/image_list.h"
#include "src/cli/commands.h"
#include "src/cli/fetch_ends.h"
#include "src/cli/fetch_options.h"
#include "src/cli/node_state.h"
#include "src/cli/shared_flags.h"
#include "src/cli/termination_log.h"

namespace prepull {
namespace {

// For the runtime to list its images.
constexpr absl::Duration kListTimeout = absl::Minutes(1);
// For the last word after a second signal.
constexpr absl::Duration kLastWordTimeout = absl::Milliseconds(200);

constexpr char kNotFit[] =
    "5  some image is missing, and by --preflight the node is not fit to pull "
    "it";

CommandDoc CheckDoc() {
  return {.name = "check",
          .summary = "report which images of a list are missing on this node",
          .about =
              "Compares a list with the images on this node and pulls "
              "nothing. Prints a line\nfor each missing image.",
          .examples = {"prepull check --image-list-file images.txt",
                       "prepull check -o name quay.io/team/app:1.2",
                       "prepull check --preflight --image-list-file "
                       "images.txt"},
          .exit_codes = {"0  every image is on the node",
                         "1  some image is missing",
                         "2  bad flags, unreadable or empty list",
                         "3  interrupted, or out of time",
                         "4  the runtime cannot be reached", kNotFit},
          .positional = "[IMAGE...]",
          .positional_text = "images, in addition to those of the lists",
          .main_flags = {"--image-list-file", "--rewrite", "--cri-socket",
                         "--overall-timeout", "--preflight", "--docker-config",
                         "--output", "--quiet", "--verbose"},
          .more_help =
              "Images from registries (--release, --catalog, --select): "
              "'prepull help sources'.\n"};
}

struct CheckOptions {
  ListInputs list;
  std::string cri_socket;
  absl::Duration overall_timeout = absl::Minutes(20);
  Deadline deadline;
  bool with_preflight = false;
  PreflightOptions preflight;
  std::string termination_log;
  std::string output = "table";
  LoggingOptions logging;

  bool needs_preflight() const {
    return with_preflight || preflight.disk.fails() || preflight.load.cpu ||
           preflight.load.mem;
  }
};

std::vector<const ImageOutcome*> MissingOf(const Run& run) {
  std::vector<const ImageOutcome*> missing;
  for (const ImageOutcome& image : run.images()) {
    if (image.state == ImageState::kFailed) missing.push_back(&image);
  }
  return missing;
}

std::string CheckDocument(const Run& run) {
  JsonWriter json;
  json.OpenObject().String("schema", "prepull.check/v1");
  json.Integer("total", run.total());
  json.Integer("present", run.counts().present());
  json.OpenArray("missing");
  for (const ImageOutcome* each : MissingOf(run)) {
    json.OpenObject()
        .String("image", each->image)
        .String("origin", each->origin)
        .String("why", each->message)
        .CloseObject();
  }
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

std::string Names(const Run& run) {
  std::string names;
  for (const ImageOutcome* each : MissingOf(run)) {
    absl::StrAppend(&names, each->image, "\n");
  }
  return names;
}

std::string Lines(const Run& run) {
  std::string lines;
  for (const ImageOutcome* each : MissingOf(run)) {
    absl::StrAppend(&lines, "missing  ", each->image);
    // "missing" says already that it is not on the node.
    if (each->reason != Reason::kMissing) {
      absl::StrAppend(&lines, "  ", each->message);
    }
    absl::StrAppend(&lines, "\n");
  }
  return absl::StrCat(lines, run.counts().present(), " of ",
                      Counted(run.total(), "image"), " present\n");
}

// One check, from its start to the termination message.
class Checking {
 public:
  Checking(const CheckOptions& options, const CommandContext& context)
      : options_(options),
        context_(context),
        // Reading the list has its own limit.
        run_(StartOf(absl::InfiniteDuration(), options.deadline, context)),
        termination_log_(options.termination_log, context.files,
                         context.clock) {
    context.exit_hook.Set([this](ExitCode code, const std::string& why) {
      termination_log_.BreakOff(code, why).wait_for(
          absl::ToChronoNanoseconds(kLastWordTimeout));
    });
  }
  ~Checking() { context_.exit_hook.Set(nullptr); }
  Checking(const Checking&) = delete;
  Checking& operator=(const Checking&) = delete;

  CommandEnd Start() {
    termination_log_.OnStarted(run_);
    const absl::StatusOr<RuntimeSockets> sockets =
        RuntimeSockets::Parse(options_.cri_socket, context_.host);
    if (!sockets.ok()) return EndBad(sockets.status());
    const CredentialOptions& credentials = options_.list.credentials;
    const absl::StatusOr<std::unique_ptr<CredentialFinder>> finder =
        MakeCredentialFinder(credentials, context_.files, context_.host,
                             context_.clock);
    if (!finder.ok()) return EndBad(finder.status());
    const absl::StatusOr<ImageList> list =
        ReadImages(options_.list, {.host = context_.host,
                                   .files = context_.files,
                                   .clock = context_.clock,
                                   .stop = context_.stop,
                                   .deadline = ListDeadline()});
    if (!list.ok()) return EndBad(list.status());
    EnterList(list->requests, run_);
    termination_log_.OnListKnown(run_);
    if (context_.clock.Now() >= run_.deadline()) return EndOutOfTime();
    const absl::StatusOr<FoundRuntime> found =
        sockets->Connect(context_.clock, context_.stop, run_.deadline());
    if (!found.ok()) return EndWithoutNode(found.status(), sockets->Hint());
    if (options_.needs_preflight()) {
      CheckFit(*found, list->space_required_bytes,
               HasCredentialSources(credentials) ? finder->get() : nullptr);
    }
    const absl::StatusOr<Inventory> inventory = Inventorise(*found->runtime);
    if (!inventory.ok()) return EndWithoutNode(inventory.status(), "");
    Compare(list->requests, *inventory);
    return Report();
  }

 private:
  Instant ListDeadline() const {
    return std::min(run_.start() + options_.overall_timeout, run_.deadline());
  }

  // What is not ok is logged; what fails the node counts if an image is
  // missing: one that has all images is fit.
  void CheckFit(const FoundRuntime& found,
                const std::optional<int64_t>& space_of_list,
                CredentialFinder* credentials) {
    DiskRequirements required = options_.preflight.disk;
    if (!required.space_required_bytes) {
      required.space_required_bytes = space_of_list;
    }
    const NodeState node =
        ReadNodeState(found, options_.preflight, credentials, context_);
    std::vector<std::string> failures;
    for (const Finding& each : FindingsOf(node, required)) {
      if (each.result == CheckResult::kOk) continue;
      const std::string text = absl::StrCat(each.check, ": ", each.detail);
      Log(LogLevel::kWarn, text);
      if (each.result == CheckResult::kFailed) failures.push_back(text);
    }
    has_space_ = IsFit(EvaluateImageDisk(node.disk, required));
    unfit_ = absl::StrJoin(failures, "; ");
  }

  absl::StatusOr<Inventory> Inventorise(ContainerRuntime& runtime) {
    const Instant now = context_.clock.Now();
    const class Run asking(
        {.start = now,
         .overall_timeout = std::min(kListTimeout, run_.deadline() - now)});
    RunObserver silent;
    return GetInventory({.runtime = runtime,
                         .clock = context_.clock,
                         .roll_dice = SystemDice(),
                         .observer = silent},
                        context_.stop, asking);
  }

  void Compare(const std::vector<ImageRequest>& requests,
               const Inventory& inventory) {
    for (size_t i = 0; i < requests.size(); ++i) {
      ImageOutcome& image = run_.images()[i];
      const absl::StatusOr<Reference>& reference = requests[i].reference;
      if (!reference.ok()) continue;  // it has failed already
      if (inventory.Find(*reference) != nullptr) {
        run_.Move(image, ImageState::kSkipped);
        continue;
      }
      image.reason = Reason::kMissing;
      image.message = "not on the node";
      run_.Move(image, ImageState::kFailed);
    }
  }

  CommandEnd Report() {
    if (options_.output == "json") {
      context_.console.PrintJson(CheckDocument(run_));
    } else {
      context_.console.PrintOut(options_.output == "name" ? Names(run_)
                                                          : Lines(run_));
    }
    if (run_.counts().failed == 0) {
      return End({ExitCode::kOk, Phase::kSucceeded});
    }
    if (unfit_.empty()) return End({ExitCode::kImagesFailed, Phase::kFailed});
    CommandEnd end = End({ExitCode::kNodeNotFit, Phase::kFailed,
                          has_space_ ? Reason::kNodeBusy : Reason::kNoSpace,
                          absl::StrCat("this node is not fit: ", unfit_)});
    end.error = run_.message();
    return end;
  }

  // There is no list to compare with.
  CommandEnd EndBad(const absl::Status& why) {
    const CommandEnd end =
        End(EndWithoutList(why, context_.stop.stop_requested()));
    return Failed(end.code, why);
  }

  CommandEnd EndOutOfTime() {
    return BreakOff({ExitCode::kStopped, Phase::kTimedOut}, Reason::kTimeout);
  }

  CommandEnd EndWithoutNode(const absl::Status& why, const std::string& hint) {
    if (context_.stop.stop_requested()) {
      BreakOff({ExitCode::kStopped, Phase::kInterrupted}, Reason::kInterrupted);
      return Failed(ExitCode::kStopped, why);
    }
    if (context_.clock.Now() >= run_.deadline()) return EndOutOfTime();
    const Reason reason = Reason::kRuntimeUnavailable;
    CommandEnd end = BreakOff({ExitCode::kNoRuntime, Phase::kFailed, reason,
                               std::string(why.message())},
                              reason);
    end.error = absl::StrCat(why.message(), hint);
    return end;
  }

  CommandEnd BreakOff(const RunEnd& how, Reason why) {
    run_.BreakOff(how, why, context_.clock.Now(), context_.clock.WallNow());
    termination_log_.Write(run_);
    return {.code = how.code, .error = ErrorLine(run_, context_.clock.Now())};
  }

  CommandEnd End(const RunEnd& how) {
    run_.End(how, context_.clock.WallNow());
    termination_log_.Write(run_);
    return {how.code};
  }

  const CheckOptions& options_;
  const CommandContext& context_;
  class Run run_;
  TerminationLog termination_log_;
  std::string unfit_;  // why the node is not fit, or ""
  bool has_space_ = true;
};

class CheckCommand : public CommandProgram {
 public:
  CheckCommand() : CommandProgram(CheckDoc()) {
    AddListFlags(command(), options_.list);
    command().Group("How");
    AddSocketFlag(command(), options_.cri_socket);
    command().Duration({.name = "--overall-timeout",
                        .value = "D",
                        .text = "limit for reading the list; a registry that "
                                "is unavailable is asked again until then",
                        .fallback = "20m"},
                       options_.overall_timeout);
    AddDeadlineFlag(command(), options_.deadline);
    command().Switch({.name = "--preflight",
                      .text = "check, too, whether the node is fit to pull "
                              "what is missing, as 'prepull preflight' does; "
                              "--space-required and --check-items imply it"},
                     options_.with_preflight);
    AddFitnessFlags(command(), options_.preflight);
    AddHostRootFlag(command(), options_.list.registry.host_root);
    AddSourceFlags(command(), options_.list);
    AddCredentialFlags(command(), options_.list.credentials);
    command().Group("Output");
    AddTerminationLogFlag(command(), options_.termination_log);
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "missing images as table, json or name",
                      .fallback = "table"},
                     {"table", "json", "name"}, options_.output);
    AddLoggingFlags(command(), options_.logging);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartLogging(options_.logging, context, /*hides_info=*/true);
    options_.preflight.host_root = options_.list.registry.host_root;
    return Checking(options_, context).Start();
  }

  void OnBadFlags(const CommandContext& context,
                  const std::vector<std::string>& words,
                  const absl::Status& why) override {
    class Run run(StartOf(options_.overall_timeout, {}, context));
    run.End(EndOfBadFlags(why), context.clock.WallNow());
    std::string path = command().Peek("--termination-log", words, context.host);
    if (path.empty()) path = kTerminationLog;
    TerminationLog(path, context.files, context.clock).Write(run);
  }

 private:
  CheckOptions options_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeCheckCommand() {
  return std::make_unique<CheckCommand>();
}

}  // namespace prepull
