// The lines of the live view. Pure.
//
// Of a pull whose bytes are known it shows a bar, the share, the bytes and
// their rate; of any other how long it has been at it. A narrow screen loses
// the bar first (it says nothing that the share does not), then the rate,
// then the bytes. Columns stand below each other and keep their places.
#ifndef PREPULL_SRC_REPORT_VIEW_LINES_H_
#define PREPULL_SRC_REPORT_VIEW_LINES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "prepull/report/live_view.h"
#include "prepull/run/run.h"

namespace prepull {

// What is to be seen at one moment. Rates are bytes a second, if known.
struct Scene {
  struct RunningPull {
    const ImageOutcome* image = nullptr;
    std::optional<int64_t> rate = std::nullopt;
  };

  const Run& run;
  Instant now;
  int turn = 0;         // moves the spinner
  int widest_name = 0;  // so much room a name may want
  std::vector<RunningPull> running = {};
  std::vector<const ImageOutcome*> retrying = {};
  int64_t hidden = 0;  // retries that are not in `retrying`
  std::optional<int64_t> rate = std::nullopt;  // of the run
};

// None wider than the screen, and fewer than its rows (but never none).
std::vector<std::string> ViewLines(const Scene& scene, ScreenSize screen);

}  // namespace prepull

#endif  // PREPULL_SRC_REPORT_VIEW_LINES_H_
