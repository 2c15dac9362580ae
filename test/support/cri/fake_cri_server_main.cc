// fake_cri_server SOCKET [--images N] [--pull-delay D]: a runtime for
// scripts/bench. Holds bench.example/present:1 to :N, pulls anything in D,
// says "ready" and ends at SIGTERM.
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "test/support/cri/fake_cri_server.h"
#include "test/support/cri/stop_signals.h"

int main(int argc, char** argv) {
  const prepull::StopSignals signals;
  int images = 0;
  absl::Duration pull_delay;
  bool ok = argc >= 2 && argc % 2 == 0;
  for (int i = 2; ok && i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    ok = flag == "--images" ? absl::SimpleAtoi(argv[i + 1], &images)
                            : flag == "--pull-delay" &&
                                  absl::ParseDuration(argv[i + 1], &pull_delay);
  }
  if (!ok) {
    std::fputs("usage: fake_cri_server SOCKET [--images N] [--pull-delay D]\n",
               stderr);
    return 2;
  }

  prepull::FakeCriServer server(argv[1]);
  server.StoreTags("bench.example/present", images);
  server.ScriptTheRest({.takes = pull_delay});
  signals.SayReadyAndWait();
  return 0;
}
