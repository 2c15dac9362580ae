// Schedules the pulls of a run, from a plan to an end for every image: which
// starts next, and what a failure leads to.
//
// Not thread-safe: it is the engine's thread. Answers of the runtime reach it
// through its task runner.
#ifndef PREPULL_SRC_PULL_PULL_LOOP_H_
#define PREPULL_SRC_PULL_PULL_LOOP_H_

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "prepull/base/task_runner.h"
#include "prepull/node/run_context.h"
#include "prepull/progress/folder_watch.h"
#include "prepull/run/pull_options.h"
#include "prepull/run/run.h"
#include "src/pull/attempts.h"
#include "src/pull/lease_keeper.h"
#include "src/pull/pool.h"
#include "src/pull/pull_item.h"
#include "src/pull/runtime_monitor.h"
#include "src/pull/space_check.h"
#include "src/pull/start_order.h"

namespace prepull {

// Why no further pull is started.
enum class LoopEnd { kAllEnded, kStopRequested, kDeadline, kNoSpace };

class PullLoop : private AttemptListener {
 public:
  // All that is handed over by reference outlives the loop.
  struct Setup {
    const RunContext& context;
    const PullOptions& options;
    LeaseKeeper& lease;
    ImageSpace space;
    bool sees_downloads = false;  // as for Attempts
    const std::stop_token& stop;
  };

  PullLoop(const Setup& setup, std::vector<PullItem>& items, Run& run);

  // Pulls every item that is Waiting. On return each has ended or is Waiting
  // still, and no pull is running (but for calls that did not end within a
  // second of being cancelled).
  LoopEnd Pull();

  // Why the list does not fit on the node, if that was known before its pulls.
  const std::string& does_not_fit() const { return space_.failure(); }

  // Whether the runtime had gone away and not come back.
  bool runtime_is_away() const { return monitor_.is_away(); }

  // Whether a call was left behind that had not ended.
  bool left_calls_behind() const { return !attempts_.is_idle(); }

  // Whether a download is left that may have wrong bytes.
  bool left_wrong_bytes() const { return attempts_.has_suspects(); }

 private:
  void LookAtFolders(Instant now);
  void ShutOutWhatCannotStart();
  void QueueAll();
  void StartDue(Instant now);
  std::optional<LoopEnd> ReasonToEnd(Instant now) const;
  Instant NextAlarm(Instant now);

  void OnRemoved(PullItem& item) override;
  void OnAsked(PullItem& item) override;
  void OnIdentified(PullItem& item) override;
  void OnDownloaded(PullItem& item) override;
  void OnPulled(PullItem& item, const std::string& image_ref) override;
  void OnNothingNew(PullItem& item) override;
  void OnFailed(PullItem& item, const AttemptFailure& failure,
                const FoundCredentials& credentials) override;
  void OnBytesKnown(PullItem& item) override;
  void OnSettled(PullItem& item, const AttemptFailure& failure,
                 bool gained_bytes) override;

  void ReleaseSlot(PullItem& item, bool is_pulled);
  void Publish(PullItem& item, const AttemptFailure& failure,
               const FoundCredentials& credentials);
  void Retry(PullItem& item, const ErrorClass& error);
  void GiveUp(PullItem& item);
  void Postpone(PullItem& item, absl::string_view why);
  void ShutOut(PullItem& item);
  void EndAs(ImageState state, PullItem& item);

  const Setup setup_;
  const PullOptions& options_;
  Clock& clock_;
  RunObserver& observer_;
  std::vector<PullItem>& items_;
  Run& run_;
  TaskRunner tasks_;
  Attempts attempts_;
  FolderWatch folders_;
  StartOrder order_;
  Pool pool_;
  RuntimeMonitor monitor_;
  SpaceCheck space_;
  Instant next_look_ = Instant();
  bool no_space_ = false;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_PULL_LOOP_H_
