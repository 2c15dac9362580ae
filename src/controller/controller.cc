#include "prepull/controller/controller.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/log.h"
#include "prepull/base/mailbox.h"
#include "prepull/base/random.h"
#include "src/controller/cluster_state.h"
#include "src/controller/controller_metrics.h"
#include "src/controller/decision.h"
#include "src/controller/event_log.h"
#include "src/controller/object_writer.h"
#include "src/controller/source_reader.h"
#include "src/controller/watcher.h"

namespace prepull {
namespace {

// News come in bursts: they are looked at together. An ended Job is to be
// answered within a second.
constexpr absl::Duration kLeastPause = absl::Milliseconds(200);
// A pass over many nodes is paid for by the pause behind it.
constexpr double kPausePerPass = 4;
constexpr absl::Duration kMostPause = absl::Seconds(2);
// Time passes, and the wall clock may jump.
constexpr absl::Duration kLookAnyway = absl::Minutes(1);

constexpr absl::string_view kAll = "*";

using Question = std::function<void(const std::stop_token&)>;

struct SourceAnswer {
  std::string prepull;
  Resolution resolution;
};

}  // namespace

class Controller::Loop {
 public:
  Loop(ControllerOptions options, ApiServer server, const Seams& seams)
      : options_(std::move(options)),
        server_(std::move(server)),
        seams_(seams),
        rules_({.name_space = options_.pods.name_space,
                .allowed_secrets = options_.allowed_secrets,
                .is_blind_to_disk = options_.pods.storage_folder.empty()}),
        metrics_(seams.clock),
        client_(server_, KubeSeams()),
        writer_(rules_.name_space, options_.pods,
                {.client = client_, .clock = seams.clock, .cluster = cluster_},
                [this](absl::string_view verb, bool is_ok) {
                  metrics_.AddWrite(verb, is_ok);
                }) {
    for (const WatchedKind kind : WatchedKinds()) {
      metrics_.SetWatch(WatchedKindName(kind), false, false);
    }
  }

  void Run(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { mailbox_.wakeup().Notify(); });
    const std::jthread sources(
        [this](const std::stop_token& end) { AnswerQuestions(end); });
    std::vector<std::unique_ptr<Watcher>> watchers;
    const auto watch = [&](WatchedKind kind) {
      watchers.push_back(std::make_unique<Watcher>(
          kind, rules_.name_space, server_, KubeSeams(), mailbox_));
    };
    for (const WatchedKind kind : WatchedKinds()) {
      if (kind != WatchedKind::kConfigMaps) watch(kind);
    }
    bool knows_jobs = false;
    while (!stop.stop_requested()) {
      TakeAllNews();
      // A result is on record before its Job is deleted: where the records are
      // listed after the Jobs, one that has no Job is among them.
      const bool knew_jobs = std::exchange(
          knows_jobs,
          listed_.contains(std::string(WatchedKindName(WatchedKind::kJobs))));
      if (knows_jobs && !knew_jobs) watch(WatchedKind::kConfigMaps);
      if (is_known() && seams_.clock.Now() >= next_pass_) Pass(stop);
      if (stop.stop_requested()) break;
      seams_.clock.WaitUntil(NextLook(), mailbox_.wakeup());
    }
  }

  HttpPage Page(absl::string_view path) const { return metrics_.Page(path); }

 private:
  KubeClient::Seams KubeSeams() const {
    return {.http = seams_.http,
            .files = seams_.files,
            .clock = seams_.clock,
            .roll_dice = SystemDice()};
  }

  bool is_known() const { return listed_.size() == WatchedKinds().size(); }

  Instant NextLook() const {
    if (!is_known()) return Instant::Never();
    if (!concerned_.empty()) return next_pass_;
    return std::max(next_pass_, look_again_);
  }

  void TakeAllNews() {
    const absl::Time now = seams_.clock.WallNow();
    for (const WatchNews& news : mailbox_.Take()) {
      for (const std::string& name : TakeNews(news, now, cluster_)) {
        if (!name.empty()) concerned_.insert(name);
      }
      TakeProblem(news);
    }
    for (SourceAnswer& answer : answers_.Take()) {
      PrepullMemory& memory = memories_[answer.prepull];
      memory.is_resolving = false;
      if (!answer.resolution.text.ok()) {
        Log(LogLevel::kWarn, "sources cannot be read",
            {{"prepull", answer.prepull},
             {"error",
              std::string(answer.resolution.text.status().message())}});
      }
      memory.resolution = std::move(answer.resolution);
      concerned_.insert(answer.prepull);
    }
  }

  void TakeProblem(const WatchNews& news) {
    const std::string kind(WatchedKindName(news.kind));
    if (news.is_listed && listed_.insert(kind).second) {
      concerned_.insert(std::string(kAll));
    }
    metrics_.SetWatch(kind, news.is_listed, !news.problem.empty());
    if (news.problem.empty()) {
      stale_.erase(kind);
    } else if (!stale_.contains(kind)) {
      stale_[kind] =
          absl::StrCat("stale since ", ApiTimeText(seams_.clock.WallNow()),
                       ": ", news.problem);
    }
    const std::string stale =
        absl::StrJoin(stale_, "; ", [](std::string* out, const auto& each) {
          absl::StrAppend(out, each.second);
        });
    if (stale == rules_.stale) return;
    rules_.stale = stale;
    concerned_.insert(std::string(kAll));
  }

  std::set<std::string> Concerned() {
    std::set<std::string> names = std::exchange(concerned_, {});
    const bool is_time = seams_.clock.Now() >= look_again_;
    if (is_time || names.contains(std::string(kAll))) {
      for (const auto& [name, prepull] : cluster_.prepulls) names.insert(name);
    }
    names.erase(std::string(kAll));
    return names;
  }

  void Pass(const std::stop_token& stop) {
    const std::set<std::string> names = Concerned();
    if (names.empty() && seams_.clock.Now() < look_again_) return;
    const Instant begin = seams_.clock.Now();
    look_again_ = begin + kLookAnyway;
    cluster_.Forget(seams_.clock.WallNow());
    for (const std::string& name : names) {
      if (stop.stop_requested()) return;
      Reconcile(name, stop);
    }
    const absl::Duration took = seams_.clock.Now() - begin;
    metrics_.AddPass(took);
    next_pass_ = seams_.clock.Now() +
                 std::clamp(took * kPausePerPass, kLeastPause, kMostPause);
  }

  void Reconcile(const std::string& name, const std::stop_token& stop) {
    const auto found = cluster_.prepulls.find(name);
    if (found == cluster_.prepulls.end()) {
      memories_.erase(name);
      events_.erase(name);
      metrics_.RemovePrepull(name);
      return;
    }
    PrepullMemory& memory = memories_[name];
    EventLog& events = events_[name];
    const PrepullView prepull = found->second;
    const absl::Time now = seams_.clock.WallNow();
    const Decision decision = Decide(prepull, cluster_, rules_, memory, now);
    if (decision.resolves) Resolve(prepull, memory);
    const WriteProgress progress = writer_.Write(name, decision, memory, stop);
    if (progress.has_written) {
      events.Take(prepull.status, cluster_.prepulls[name].status, decision,
                  progress.recorded);
      concerned_.insert(name);
    }
    writer_.Tell(prepull, events.Due(now), stop);
    metrics_.SetPrepull(name, decision.status);
    const absl::Time then = std::min(decision.look_again, events.NextAt());
    look_again_ = std::min(
        {look_again_, progress.again_at,
         seams_.clock.Now() + std::max(then - now, absl::ZeroDuration())});
  }

  // Sources are slow: registries answer them. One Prepull after another.
  void AnswerQuestions(const std::stop_token& stop) {
    const std::stop_callback wake(stop,
                                  [this] { questions_.wakeup().Notify(); });
    while (!stop.stop_requested()) {
      for (const Question& question : questions_.Take()) question(stop);
      if (stop.stop_requested()) return;
      seams_.clock.WaitUntil(Instant::Never(), questions_.wakeup());
    }
  }

  void Resolve(const PrepullView& prepull, PrepullMemory& memory) {
    memory.is_resolving = true;
    questions_.Post([this, name = prepull.name,
                     spec = *prepull.spec](const std::stop_token& stop) {
      KubeClient client(server_, KubeSeams());
      absl::StatusOr<std::string> text = ReadSources(
          spec, {.name_space = rules_.name_space, .inputs = options_.sources},
          {.host = seams_.host,
           .files = seams_.files,
           .clock = seams_.clock,
           .client = client},
          stop);
      answers_.Post({.prepull = name,
                     .resolution = {.inputs_hash = spec.inputs_hash,
                                    .text = std::move(text),
                                    .at = seams_.clock.WallNow()}});
      mailbox_.wakeup().Notify();
    });
  }

  const ControllerOptions options_;
  const ApiServer server_;
  const Seams seams_;
  ControllerRules rules_;
  ControllerMetrics metrics_;
  ClusterState cluster_;
  KubeClient client_;
  ObjectWriter writer_;
  Mailbox<WatchNews> mailbox_;
  Mailbox<Question> questions_;
  Mailbox<SourceAnswer> answers_;

  std::set<std::string> listed_;              // kinds
  std::map<std::string, std::string> stale_;  // by kind
  std::map<std::string, PrepullMemory> memories_;
  std::map<std::string, EventLog> events_;
  std::set<std::string> concerned_;  // Prepulls that something has come for
  Instant next_pass_;
  Instant look_again_;
};

Controller::Controller(ControllerOptions options, ApiServer server,
                       const Seams& seams)
    : loop_(std::make_unique<Loop>(std::move(options), std::move(server),
                                   seams)) {}

Controller::~Controller() = default;

void Controller::Run(const std::stop_token& stop) { loop_->Run(stop); }

HttpPage Controller::Page(absl::string_view path) const {
  return loop_->Page(path);
}

}  // namespace prepull
