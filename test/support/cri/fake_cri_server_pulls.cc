// What the pulls of a FakeCriServer show when they are looked at together.
#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "test/support/cri/fake_cri_server.h"

namespace prepull {

std::vector<FakeCriServer::Pull> FakeCriServer::PullsOf(
    const std::string& image) const {
  std::vector<Pull> of_image = pulls();
  std::erase_if(of_image,
                [&](const Pull& pull) { return pull.image != image; });
  return of_image;
}

int FakeCriServer::MostAtOnce(absl::string_view prefix) const {
  std::map<int, int> steps;  // up or down, in the order they happened
  for (const Pull& pull : pulls()) {
    if (!absl::StartsWith(pull.image, prefix)) continue;
    steps[pull.started] = 1;
    if (pull.ended != 0) steps[pull.ended] = -1;
  }
  int running = 0;
  int most = 0;
  for (const auto& [event, step] : steps) {
    running += step;
    most = std::max(most, running);
  }
  return most;
}

}  // namespace prepull
