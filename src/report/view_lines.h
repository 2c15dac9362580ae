// The lines of the live view. Pure.
//
// A pull with known bytes has a bar, the percentage, the bytes and their rate;
// others have the elapsed time. On a narrow screen the bar is left out first
// (the percentage says the same), then the rate, then the bytes. Columns are
// aligned and keep their places.
#ifndef PREPULL_SRC_REPORT_VIEW_LINES_H_
#define PREPULL_SRC_REPORT_VIEW_LINES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "prepull/report/live_view.h"
#include "prepull/run/run.h"

namespace prepull {

// The state to draw. Rates are in bytes per second, if known.
struct Scene {
  struct RunningPull {
    const ImageOutcome* image = nullptr;
    std::optional<int64_t> rate = std::nullopt;
  };

  const Run& run;
  Instant now;
  int turn = 0;         // moves the spinner
  int widest_name = 0;  // the width of the longest name
  std::vector<RunningPull> running = {};
  std::vector<const ImageOutcome*> retrying = {};
  int64_t hidden = 0;  // retries that are not in `retrying`
  std::optional<int64_t> rate = std::nullopt;  // of the run
};

// Returns lines that are not wider than the screen and fewer than its rows, at
// least one.
std::vector<std::string> ViewLines(const Scene& scene, ScreenSize screen);

}  // namespace prepull

#endif  // PREPULL_SRC_REPORT_VIEW_LINES_H_
