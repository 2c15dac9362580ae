// Runs the attempts of a run's pulls: starts them, ends those that are stuck or
// late, and reports what came of each. When to start which, and what a failure
// leads to, is for its listener to decide.
//
// Not thread-safe.
#ifndef PREPULL_SRC_PULL_ATTEMPTS_H_
#define PREPULL_SRC_PULL_ATTEMPTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/task_runner.h"
#include "prepull/node/run_context.h"
#include "prepull/progress/connection_watch.h"
#include "prepull/progress/download_dropper.h"
#include "prepull/progress/download_watch.h"
#include "prepull/progress/folder_watch.h"
#include "prepull/run/pull_options.h"
#include "prepull/run/run.h"
#include "src/pull/attempt_failure.h"
#include "src/pull/image_remover.h"
#include "src/pull/pull_item.h"

namespace prepull {

class AttemptListener {
 public:
  virtual ~AttemptListener() = default;

  // The image that `item` replaces is gone from the node.
  virtual void OnRemoved(PullItem& item) = 0;

  // The runtime is asked, for the first time in this attempt.
  virtual void OnAsked(PullItem& item) = 0;

  // Other pulls from the item's repository can be told from this one.
  virtual void OnIdentified(PullItem& item) = 0;

  // All of the image is downloaded; it is only unpacked now.
  virtual void OnDownloaded(PullItem& item) = 0;

  // The attempt ended, in one of three ways. The image is there:
  virtual void OnPulled(PullItem& item, const std::string& image_ref) = 0;
  // the runtime was not asked, as the credentials were refused before:
  virtual void OnNothingNew(PullItem& item) = 0;
  // it failed. OnSettled follows.
  virtual void OnFailed(PullItem& item, const AttemptFailure& failure,
                        const FoundCredentials& credentials) = 0;

  // After OnPulled: what is known of the image's bytes is entered.
  virtual void OnBytesKnown(PullItem& item) = 0;
  // After OnFailed: what the attempt gained is known, and the wrong bytes
  // that it downloaded are gone.
  virtual void OnSettled(PullItem& item, const AttemptFailure& failure,
                         bool gained_bytes) = 0;
};

class Attempts {
 public:
  // All that is handed over by reference outlives the attempts.
  struct Setup {
    const RunContext& context;
    const PullOptions& options;
    const std::string& lease_id;
    bool sees_downloads = false;  // the runtime shows how far each is
    TaskRunner::Poster poster;
    const FolderWatch& folders;
  };

  Attempts(const Setup& setup, AttemptListener& listener, Run& run);

  // Whether the item's pull must be the only one of its repository for now.
  bool NeedsToBeAlone(const PullItem& item) const;

  void Start(PullItem& item);

  // The item failed for good.
  void Forget(const PullItem& item);

  // Does what is due; cuts what is stuck or late at `now`.
  void Turn(Instant now);
  void CutLate(Instant now);
  Instant NextTurn() const;

  // What the runtime has received since the run began, if that can be seen.
  std::optional<int64_t> received_bytes() const;

  // Whether nothing runs, and whether all that ran is settled, too.
  bool is_idle() const { return running_.empty(); }
  bool is_settled() const { return is_idle() && unsettled_ == 0; }

  // Settles what has ended with what is known by now.
  void SettleAll();

  // Ends all attempts and drops downloads that may have wrong bytes, for a
  // second and a half at most; meanwhile it runs `tasks`. Attempts that do not
  // end are given up: their images are Waiting again.
  void WindUp(TaskRunner& tasks);

  // Whether a download is left that may have wrong bytes.
  bool has_suspects() const { return dropper_.has_suspects(); }

 private:
  void OnCall(PullItem& item);
  void OnEnded(PullItem& item, const RoundEnd& end);
  void OnFailed(PullItem& item, const RoundEnd& end);
  void Settle(PullItem& item, const AttemptFailure& failure, bool gained_bytes);
  bool IsWatched() const;
  Verdict Judge(const PullItem& item, Instant now) const;
  void LetRunWhileItMoves(Attempt& attempt, Instant now) const;
  SilenceDetector::Surroundings Surroundings(Instant now) const;
  static void CutRound(Attempt& attempt, Cut cut);
  void RunWhileBusy(TaskRunner& tasks, absl::Duration timeout);

  const Setup setup_;
  AttemptListener& listener_;
  Run& run_;
  ImageRemover remover_;
  DownloadDropper dropper_;
  // Null where there is nothing to be seen.
  std::unique_ptr<DownloadWatch> watch_;
  std::unique_ptr<ConnectionWatch> connections_;
  std::set<PullItem*> running_;
  int unsettled_ = 0;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_ATTEMPTS_H_
