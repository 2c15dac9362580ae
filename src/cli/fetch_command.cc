// prepull fetch: pulls every image of a list onto this node.
#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include "prepull/base/log.h"
#include "prepull/base/random.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/http_client.h"
#include "prepull/kube/node_labeler.h"
#include "prepull/node/node_listing.h"
#include "prepull/pin/crio_drop_in.h"
#include "prepull/pull/engine.h"
#include "prepull/pull/plan.h"
#include "prepull/pull/runtime_defaults.h"
#include "prepull/registry/manifest_reader.h"
#include "prepull/report/lines.h"
#include "prepull/report/status_file.h"
#include "prepull/runtime/connect.h"
#include "prepull/source/image_list.h"
#include "src/cli/commands.h"
#include "src/cli/compatibility.h"
#include "src/cli/fetch_ends.h"
#include "src/cli/fetch_options.h"
#include "src/cli/fetch_output.h"
#include "src/cli/fetch_result.h"
#include "src/cli/help_topics.h"
#include "src/cli/node_views.h"
#include "src/cli/shared_flags.h"
#include "src/cli/termination_log.h"

namespace prepull {
namespace {

CommandDoc FetchDoc() {
  return {
      .name = "fetch",
      .summary = "pull every image of a list onto this node",
      .about =
          "Pulls every image of a list that is not on this node yet. Prints "
          "a line for each\nimage on standard output, and progress on "
          "standard error.",
      .examples = {"prepull fetch quay.io/team/app:1.2",
                   "prepull fetch --image-list-file images.txt "
                   "--status-file status.json",
                   "prepull fetch --image-list-file images.txt --dry-run"},
      .exit_codes = RunExitCodes(),
      .positional = "[IMAGE...]",
      .positional_text = "images, in addition to those of the lists",
      .main_flags = {"--image-list-file", "--docker-config", "--cri-socket",
                     "--concurrency", "--pull-policy", "--pin",
                     "--overall-timeout", "--failure-tolerance",
                     "--space-required", "--status-file", "--dry-run",
                     "--output", "--progress", "--quiet", "--verbose"},
      .more_help =
          "Images from registries (--release, --catalog, --select): "
          "'prepull help sources'.\n"};
}

class FetchCommand : public CommandProgram {
 public:
  FetchCommand() : CommandProgram(FetchDoc()) {
    AddFetchFlags(command(), options_);
  }

  CommandEnd Run(const CommandContext& context) override;
  void OnBadFlags(const CommandContext& context,
                  const std::vector<std::string>& words,
                  const absl::Status& why) override;

 private:
  FetchOptions options_;
};

// The limit for the final status after a second signal.
constexpr absl::Duration kBreakOffTimeout = absl::Milliseconds(200);

// One fetch, from the first status file to the last line.
class Fetching {
 public:
  Fetching(const FetchOptions& options, const CommandContext& context)
      : options_(options),
        context_(context),
        preflight_(options.preflight),
        run_(NewRun(options, options.status_file, context)),
        status_file_(options.dry_run ? "" : options.status_file, context.files,
                     context.clock),
        termination_log_(options.termination_log, context.files, context.clock),
        output_(options, context),
        http_(MakeHttpClient(context.files, context.clock)),
        result_(MakeResultConfigMap(options, context, *http_)),
        submitter_(SubmitOptionsOf(options), context.clock, context.stop),
        observers_({&status_file_, &termination_log_, result_.get(),
                    &submitter_, &output_}),
        node_labeler_(options.node_label,
                      {context.host, context.files, context.clock, *http_}) {
    context.exit_hook.Set([this](ExitCode code, const std::string& why) {
      const Instant until = context_.clock.Now() + kBreakOffTimeout;
      const std::future<void> written = termination_log_.BreakOff(code, why);
      status_file_.BreakOff(code, why, kBreakOffTimeout);
      written.wait_for(absl::ToChronoNanoseconds(until - context_.clock.Now()));
    });
  }
  ~Fetching() { context_.exit_hook.Set(nullptr); }
  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;

  CommandEnd Start() {
    observers_.OnStarted(run_);
    if (!options_.dry_run) node_labeler_.Start(run_);
    const absl::StatusOr<RuntimeSockets> sockets =
        RuntimeSockets::Parse(options_.cri_socket, context_.host);
    if (!sockets.ok()) return EndBad(sockets.status());
    absl::StatusOr<std::unique_ptr<CredentialFinder>> finder =
        MakeCredentialFinder(options_.list.credentials, context_.files,
                             context_.host, context_.clock);
    if (!finder.ok()) return EndBad(finder.status());
    finder_ = *std::move(finder);
    absl::StatusOr<ImageList> list = ReadList();
    if (!list.ok()) return EndBad(list.status());
    list_ = *std::move(list);
    if (!preflight_.disk.space_required_bytes.has_value()) {
      preflight_.disk.space_required_bytes = list_.space_required_bytes;
    }
    EnterList(list_.requests, run_);
    // Connecting may take a while; the list is reported before it.
    observers_.OnListKnown(run_);
    if (!HasTimeLeft()) return EndOutOfTime();
    absl::StatusOr<FoundRuntime> found =
        sockets->Connect(context_.clock, context_.stop, run_.deadline());
    if (!found.ok()) return EndUnconnected(found.status(), *sockets);
    run_.EnterRuntime({.name = Printable(found->version.name, 128),
                       .version = Printable(found->version.version, 128),
                       .socket = found->socket});
    if (options_.dry_run) return ShowPlan(*found->runtime);
    submitter_.AskSizes(SizesOf(found->socket));
    output_.Begin(
        run_, WithRuntimeDefaults(options_.pull, run_.runtime()).concurrency);
    const absl::Status fit = CheckFit(*found->runtime);
    if (!fit.ok()) {
      if (NeedsPulls(*found->runtime)) return EndUnfit(*found->runtime, fit);
      Log(LogLevel::kWarn, fit.message());
    }
    return Pull(*found->runtime);
  }

 private:
  RegistryOptions RegistriesOfNode() const {
    RegistryOptions registries = options_.list.registry;
    registries.host_root = options_.preflight.host_root;
    registries.deadline = run_.deadline();
    return registries;
  }

  absl::StatusOr<ImageList> ReadList() {
    ListInputs inputs = options_.list;
    inputs.keep_failures = options_.pull.tolerance.any;
    inputs.registry = RegistriesOfNode();
    return ReadImages(inputs, {.host = context_.host,
                               .files = context_.files,
                               .clock = context_.clock,
                               .stop = context_.stop,
                               .deadline = run_.deadline()});
  }

  // Waits for a runtime that restarts meanwhile. Errors: see ReasonUnfit.
  absl::Status CheckFit(ContainerRuntime& runtime) {
    const absl::Status fit = AskIfFit(runtime);
    const bool came_back = IsUnreachable(fit) && Inventorise(runtime).ok();
    return came_back ? AskIfFit(runtime) : fit;
  }

  absl::Status AskIfFit(ContainerRuntime& runtime) const {
    RETURN_IF_ERROR(CheckDisk(preflight_, runtime, context_.files,
                              run_.deadline() - context_.clock.Now(),
                              context_.stop));
    return CheckLoad(preflight_.load, context_.files, context_.clock,
                     context_.stop);
  }

  // A node that has all images needs no space: at the second start of a pod the
  // disk is filled by its first one.
  bool NeedsPulls(ContainerRuntime& runtime) {
    const absl::StatusOr<Inventory> inventory = Inventorise(runtime);
    if (!inventory.ok()) return true;
    const std::vector<PlannedPull> plan =
        MakePlan(list_.requests, *inventory, options_.pull, run_.not_usable());
    return std::any_of(plan.begin(), plan.end(), [](const PlannedPull& each) {
      return each.action == PlannedPull::Action::kPull ||
             each.action == PlannedPull::Action::kReplace;
    });
  }

  absl::StatusOr<Inventory> Inventorise(ContainerRuntime& runtime) {
    return GetInventory(EngineOn(runtime), context_.stop, run_);
  }

  RunContext EngineOn(ContainerRuntime& runtime) {
    return {.runtime = runtime,
            .clock = context_.clock,
            .roll_dice = SystemDice(),
            .observer = observers_,
            .credentials = NeededFinder()};
  }

  CommandEnd Pull(ContainerRuntime& runtime) {
    const PullOptions pull = WithRuntimeDefaults(options_.pull, run_.runtime());
    RunContext engine = EngineOn(runtime);
    std::unique_ptr<ManifestReader> manifests;
    std::string images;
    if (pull.layer_order) {
      manifests = OpenManifests();
      engine.manifests = manifests.get();
      const absl::StatusOr<ImageDisk> disk =
          ReadImageDisk(runtime, context_.files, preflight_.host_root,
                        absl::Seconds(1), context_.stop);
      engine.free_bytes = FreeBytes(disk);
      if (disk.ok()) images = disk->images.mountpoint;
    }
    const NodeViews views(context_, preflight_.host_root, images, pull,
                          run_.runtime());
    views.Enter(engine);
    FetchImages(list_.requests, pull, engine, context_.stop, run_);
    manifests.reset();
    if (run_.counts().pulled > 0 && HasTimeLeft()) {
      WarnOfFullDisk(preflight_, runtime, context_.files, context_.stop);
    }
    if (NeedsDropIn()) output_.PrintDropIn(CrioDropIn(list_.requests));
    return End();
  }

  // Null if they cannot be read ahead.
  std::unique_ptr<ManifestReader> OpenManifests() const {
    absl::StatusOr<std::unique_ptr<ManifestReader>> opened =
        OpenManifestReader(RegistriesOfNode(), options_.list.credentials,
                           {context_.host, context_.files, context_.clock});
    if (opened.ok()) return *std::move(opened);
    Log(LogLevel::kWarn, "manifests are not read ahead",
        {{"error", opened.status().message()}});
    return nullptr;
  }

  // The final status is due two seconds after the deadline.
  bool HasTimeLeft() const { return context_.clock.Now() < run_.deadline(); }

  // Null if every pull is anonymous, so that none has to wait.
  CredentialFinder* NeededFinder() const {
    const bool names_secret = std::any_of(
        list_.requests.begin(), list_.requests.end(),
        [](const ImageRequest& each) { return !each.options.secret.empty(); });
    return names_secret || HasCredentialSources(options_.list.credentials)
               ? finder_.get()
               : nullptr;
  }

  // CRI-O has pins in its configuration, which prepull does not change.
  bool NeedsDropIn() const {
    return options_.pull.pin && !run_.features().pin &&
           run_.runtime().name == "cri-o" &&
           (run_.exit_code() == ExitCode::kOk ||
            run_.exit_code() == ExitCode::kImagesFailed);
  }

  CommandEnd ShowPlan(ContainerRuntime& runtime) {
    const absl::Status fit = CheckFit(runtime);
    if (!fit.ok()) Log(LogLevel::kWarn, fit.message());
    const absl::StatusOr<Inventory> inventory = Inventorise(runtime);
    if (!inventory.ok()) {
      if (context_.stop.stop_requested()) {
        return {ExitCode::kStopped, "interrupted"};
      }
      return {ExitCode::kNoRuntime, std::string(inventory.status().message())};
    }
    output_.PrintPlan(
        list_.requests,
        MakePlan(list_.requests, *inventory, options_.pull, run_.not_usable()));
    return {};
  }

  CommandEnd EndBad(const absl::Status& why) {
    run_.End(EndWithoutList(why, context_.stop.stop_requested()),
             context_.clock.WallNow());
    return End();
  }

  CommandEnd EndOutOfTime() {
    run_.BreakOff({ExitCode::kStopped, Phase::kTimedOut}, Reason::kTimeout,
                  context_.clock.Now(), context_.clock.WallNow());
    return End();
  }

  CommandEnd EndUnconnected(const absl::Status& why,
                            const RuntimeSockets& sockets) {
    CommandEnd end =
        EndBeforePulls(ExitCode::kNoRuntime, Reason::kRuntimeUnavailable, why);
    if (end.code == ExitCode::kNoRuntime) {
      end.error += sockets.Hint();
    }
    return end;
  }

  CommandEnd EndUnfit(ContainerRuntime& runtime, const absl::Status& why) {
    const Reason reason = ReasonUnfit(why);
    const bool is_away = reason == Reason::kRuntimeUnavailable;
    CommandEnd end = EndBeforePulls(
        is_away ? ExitCode::kNoRuntime : ExitCode::kNodeNotFit, reason, why);
    if (reason == Reason::kNoSpace) {
      FreeDownloads(list_.requests, EngineOn(runtime), context_.stop, run_);
    }
    return end;
  }

  CommandEnd EndBeforePulls(ExitCode code, Reason reason,
                            const absl::Status& why) {
    const Instant now = context_.clock.Now();
    const absl::Time wall_now = context_.clock.WallNow();
    if (context_.stop.stop_requested()) {
      run_.BreakOff({ExitCode::kStopped, Phase::kInterrupted},
                    Reason::kInterrupted, now, wall_now);
    } else {
      run_.BreakOff({code, Phase::kFailed, reason, std::string(why.message())},
                    reason, now, wall_now);
    }
    return End();
  }

  CommandEnd End() {
    observers_.OnFinished(run_, context_.clock.Now());
    if (!options_.dry_run) termination_log_.Write(run_);
    // Beside the last write of the result, which has begun.
    node_labeler_.Finish(run_, context_.stop);
    result_->AwaitLast();
    submitter_.AwaitLast();
    return {.code = *run_.exit_code(),
            .error = ErrorLine(run_, context_.clock.Now()),
            .output_until = run_.deadline()};
  }

  const FetchOptions& options_;
  const CommandContext& context_;
  PreflightOptions preflight_;
  ImageList list_;
  std::unique_ptr<CredentialFinder> finder_;
  class Run run_;
  StatusFile status_file_;
  TerminationLog termination_log_;
  FetchOutput output_;
  const std::unique_ptr<HttpClient> http_;  // for the API server
  const std::unique_ptr<ResultConfigMap> result_;
  ResultSubmitter submitter_;
  Observers observers_;
  NodeLabeler node_labeler_;
};

CommandEnd FetchCommand::Run(const CommandContext& context) {
  options_.logging.verbose =
      options_.logging.verbose || options_.compatibility.debug;
  StartLogging(options_.logging, context, DrawsView(options_, context.host));
  ApplyForeignEnvironment(context, command(), options_);
  const absl::Status set = SetPriority(options_.priority);
  if (!set.ok()) Log(LogLevel::kWarn, set.message());
  CommandEnd end = Fetching(options_, context).Start();
  end.stands_without_output = true;
  return end;
}

// A success of an earlier run must not stay in the status file, and a pod says
// why it ended.
void FetchCommand::OnBadFlags(const CommandContext& context,
                              const std::vector<std::string>& words,
                              const absl::Status& why) {
  const std::string dry_run = command().Peek("--dry-run", words, context.host);
  if (IsTrue(dry_run)) return;
  const auto peek = [&](const char* flag) {
    return command().Peek(flag, words, context.host);
  };
  const std::string path = peek("--status-file");
  StartLogging(options_.logging, context, /*hides_info=*/true);
  class Run run = NewRun(options_, path, context);
  StatusFile status_file(path, context.files, context.clock);
  status_file.OnStarted(run);
  run.End(EndOfBadFlags(why), context.clock.WallNow());
  status_file.OnRunEnded(run);
  std::string termination_log = peek("--termination-log");
  if (termination_log.empty()) {
    termination_log = FetchOptions().termination_log;
  }
  TerminationLog(termination_log, context.files, context.clock).Write(run);
}

}  // namespace

std::unique_ptr<CommandProgram> MakeFetchCommand() {
  return std::make_unique<FetchCommand>();
}

}  // namespace prepull
