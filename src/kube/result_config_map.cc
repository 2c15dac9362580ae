#include "prepull/kube/result_config_map.h"

#include <algorithm>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/log.h"
#include "prepull/base/mutex.h"
#include "prepull/base/random.h"
#include "prepull/kube/kube_client.h"

namespace prepull {
namespace {

constexpr absl::Duration kWriteTimeout = absl::Seconds(10);
// A pod that was told to stop has 5 s, and the run's own end takes up to 2.
constexpr absl::Duration kLastAfterStop = absl::Seconds(1);
// Copying a run may take a twentieth of the time, as for the status file.
constexpr double kPausePerCopy = 20;
// A server may put a number into each of its texts.
constexpr size_t kMaxWarnings = 20;

std::string ResultPatch(const ResultTexts& texts) {
  JsonWriter json;
  json.Reserve(texts.document.size() + texts.document.size() / 4 + 2048);
  json.OpenObject().OpenObject("data");
  json.String("status.json", texts.document).String("summary", texts.summary);
  json.CloseObject().CloseObject();
  return json.Take();
}

}  // namespace

// Writes the latest state of the run, one at a time.
class ResultConfigMap::Writer {
 public:
  Writer(const ApiServer& server, KubeObject object, Describe describe,
         const Seams& seams, std::stop_token stop)
      : object_(std::move(object)),
        describe_(std::move(describe)),
        clock_(seams.clock),
        stop_(std::move(stop)),
        client_(server, {.http = seams.http,
                         .files = seams.files,
                         .clock = seams.clock,
                         .roll_dice = SystemDice()}),
        thread_([this](const std::stop_token& end) { Work(end); }) {}

  ~Writer() {
    thread_.request_stop();
    passing_.request_stop();
    given_.Notify();
  }

  // Nothing is written after the last state.
  void Give(Run run) {
    const bool is_last = run.exit_code().has_value();
    {
      MutexLock lock(mutex_);
      run_ = std::move(run);
    }
    // What it is writing is of no use any more.
    if (is_last) passing_.request_stop();
    given_.Notify();
  }

  void AwaitLast() {
    while (!has_written_last()) {
      clock_.WaitUntil(Instant::Never(), written_last_);
    }
  }

 private:
  bool has_written_last() {
    MutexLock lock(mutex_);
    return has_written_last_;
  }

  // Takes the state to write now.
  std::optional<Run> Next() {
    MutexLock lock(mutex_);
    return std::exchange(run_, std::nullopt);
  }

  void Work(const std::stop_token& end) {
    while (!end.stop_requested()) {
      if (std::optional<Run> run = Next()) {
        Write(*std::move(run));
      } else {
        clock_.WaitUntil(Instant::Never(), given_);
      }
    }
  }

  void Write(Run run) {
    const bool is_last = run.exit_code().has_value();
    const Instant now = clock_.Now();
    const std::string patch =
        ResultPatch(describe_(std::move(run), now, clock_.WallNow()));
    KubeCall call = {.purpose = "result", .until = now + kWriteTimeout};
    call.stop = is_last ? stop_ : passing_.get_token();
    if (is_last) call.after_stop = kLastAfterStop;
    const absl::Status written = client_.MergePatch(object_, patch, call);
    if (!is_last) {
      WarnOnce(written);
      return;
    }
    Report(written);
    {
      MutexLock lock(mutex_);
      has_written_last_ = true;
    }
    written_last_.Notify();
  }

  std::string name() const {
    return absl::StrCat(object_.object_namespace, "/", object_.name);
  }

  void WarnOnce(const absl::Status& written) {
    if (written.ok() || absl::IsCancelled(written)) return;
    const bool is_news = warnings_.size() < kMaxWarnings &&
                         warnings_.emplace(written.message()).second;
    Log(is_news ? LogLevel::kWarn : LogLevel::kDebug, "result not written yet",
        {{"configmap", name()}, {"error", written.message()}});
  }

  void Report(const absl::Status& written) const {
    if (written.ok()) {
      Log(LogLevel::kInfo, "result written", {{"configmap", name()}});
    } else {
      Log(LogLevel::kWarn, "result not written",
          {{"configmap", name()}, {"error", written.message()}});
    }
  }

  const KubeObject object_;
  const Describe describe_;
  Clock& clock_;
  const std::stop_token stop_;
  std::stop_source passing_;  // of writes before the last
  KubeClient client_;         // of the thread, as these
  std::set<std::string> warnings_;
  Wakeup given_;
  Wakeup written_last_;
  Mutex mutex_;
  std::optional<Run> run_ ABSL_GUARDED_BY(mutex_);
  bool has_written_last_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

ResultConfigMap::ResultConfigMap(ResultOptions options, Describe describe,
                                 const Seams& seams, std::stop_token stop)
    : options_(std::move(options)),
      describe_(std::move(describe)),
      seams_(seams),
      stop_(std::move(stop)) {}

ResultConfigMap::~ResultConfigMap() = default;

void ResultConfigMap::OnStarted(const Run& run) {
  if (options_.config_map.empty()) return;
  const absl::StatusOr<ApiServer> server =
      FindApiServer(seams_.host, options_.service_account_dir);
  if (!server.ok()) {
    Log(LogLevel::kWarn, "no API server: the result is not written",
        {{"error", server.status().message()}});
    return;
  }
  const absl::StatusOr<std::string> own =
      ReadNamespace(options_.service_account_dir, seams_.files);
  if (!own.ok()) {
    Log(LogLevel::kWarn, "no namespace: the result is not written",
        {{"error", own.status().message()}});
    return;
  }
  writer_ = std::make_unique<Writer>(
      *server,
      KubeObject{.resource = "configmaps",
                 .object_namespace = *own,
                 .name = options_.config_map,
                 .if_missing = absl::StrCat(
                     "ConfigMap ", *own, "/", options_.config_map,
                     " is missing: 'prepull manifest ... --result-configmap' "
                     "prints it")},
      describe_, seams_, stop_);
  is_told_ = true;
  OnTurn(run, seams_.clock.Now());
}

void ResultConfigMap::OnListKnown(const Run& run) {
  OnTurn(run, seams_.clock.Now());
}

void ResultConfigMap::OnPlanned(const Run& run) {
  OnTurn(run, seams_.clock.Now());
}

Instant ResultConfigMap::OnTurn(const Run& run, Instant now) {
  const bool is_wanted = is_told_ && options_.every > absl::ZeroDuration();
  if (!is_wanted) return Instant::Never();
  if (now >= next_write_) Tell(run, now);
  return next_write_;
}

void ResultConfigMap::Tell(const Run& run, Instant now) {
  writer_->Give(run);
  const absl::Duration cost = seams_.clock.Now() - now;
  next_write_ = now + std::max(options_.every, cost * kPausePerCopy);
}

void ResultConfigMap::OnRunEnded(const Run& run) {
  if (!is_told_) return;
  is_told_ = false;
  writer_->Give(run);
}

void ResultConfigMap::AwaitLast() {
  if (writer_ && !is_told_) writer_->AwaitLast();
}

}  // namespace prepull
