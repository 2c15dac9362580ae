// Progress on a terminal: a line for each pull that runs or waits for a retry,
// and one that sums up. Redrawn at most ten times a second.
#ifndef PREPULL_REPORT_LIVE_VIEW_H_
#define PREPULL_REPORT_LIVE_VIEW_H_

#include <functional>
#include <string>
#include <vector>

#include "prepull/pull/run_observer.h"

namespace prepull {

struct ScreenSize {
  int columns = 80;
  int rows = 24;
};

// The view's lines, none wider than the screen, and fewer than its rows (but
// never none).
// `turn` moves the spinner: bytes are unknown, and no percentage is invented.
std::vector<std::string> ViewLines(const Run& run, Instant now,
                                   ScreenSize screen, int turn);

class LiveView : public RunObserver {
 public:
  struct Screen {
    std::function<ScreenSize()> size;
    std::function<void(const std::vector<std::string>& lines)> draw;
    std::function<void(const std::string& line)> print;
  };

  explicit LiveView(Screen screen) : screen_(std::move(screen)) {}

  void OnPlanned(const Run& run) override;
  Instant OnTurn(const Run& run, Instant now) override;

 private:
  const Screen screen_;
  int turn_ = 0;
  Instant next_draw_;
};

}  // namespace prepull

#endif  // PREPULL_REPORT_LIVE_VIEW_H_
