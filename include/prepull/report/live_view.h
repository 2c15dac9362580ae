// Progress on a terminal: a line for each pull that runs or waits for a retry,
// and a summary. Redrawn at most ten times a second.
//
// It tracks the active pulls, so that a redraw costs the same for a list of
// 100,000 images as for one of ten.
#ifndef PREPULL_REPORT_LIVE_VIEW_H_
#define PREPULL_REPORT_LIVE_VIEW_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "prepull/report/rate_meter.h"
#include "prepull/run/run_observer.h"

namespace prepull {

struct Scene;

struct ScreenSize {
  int columns = 80;
  int rows = 24;
};

class LiveView : public RunObserver {
 public:
  struct Screen {
    std::function<ScreenSize()> size;
    std::function<void(const std::vector<std::string>& lines)> draw;
    std::function<void(const std::string& line)> print;
  };

  explicit LiveView(Screen screen) : screen_(std::move(screen)) {}

  void OnPlanned(const Run& run) override;
  void OnAttempt(const Run& run, const ImageOutcome& image) override;
  void OnRetry(const Run& run, const ImageOutcome& image,
               absl::Duration delay) override;
  void OnEnded(const Run& run, const ImageOutcome& image) override;
  Instant OnTurn(const Run& run, Instant now) override;

 private:
  Scene Look(const Run& run, Instant now, int rows);

  const Screen screen_;
  int turn_ = 0;
  Instant next_draw_;
  int widest_name_ = 0;
  // Images of the run, ordered as in the list.
  std::map<const ImageOutcome*, RateMeter> running_;
  std::set<const ImageOutcome*> retrying_;
  RateMeter meter_;  // of the run
};

}  // namespace prepull

#endif  // PREPULL_REPORT_LIVE_VIEW_H_
