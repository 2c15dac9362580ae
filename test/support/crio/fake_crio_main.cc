// fake_crio SOCKET [--version V] [--big-files FOLDER] [--root FOLDER]
// [--unpack-time MS]: a CRI-O that only pulls (see FakeCrio). MS are the
// milliseconds that a MiB of a layer takes to unpack, 0 by default. Says
// "ready" and ends at SIGTERM.
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "test/support/cri/stop_signals.h"
#include "test/support/crio/fake_crio.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

bool ParseFlag(const std::string& flag, const std::string& value,
               FakeCrio::Options& options) {
  if (flag == "--version") {
    options.version = value;
  } else if (flag == "--big-files") {
    options.big_files = value;
  } else if (flag == "--root") {
    options.graph_root = value;
  } else if (double ms = 0;
             flag == "--unpack-time" && absl::SimpleAtod(value, &ms)) {
    options.unpack_per_mib = absl::Milliseconds(ms);
  } else {
    return false;
  }
  return true;
}

int Main(int argc, char** argv) {
  const StopSignals signals;
  const TempFolder folder;
  FakeCrio::Options options = {.big_files = folder.Path("big-files"),
                               .graph_root = folder.Path("root")};
  std::filesystem::create_directory(options.big_files);
  bool ok = argc >= 2 && argc % 2 == 0;
  for (int i = 2; ok && i + 1 < argc; i += 2) {
    ok = ParseFlag(argv[i], argv[i + 1], options);
  }
  if (!ok) {
    std::fputs(
        "usage: fake_crio SOCKET [--version V] [--big-files FOLDER] "
        "[--root FOLDER] [--unpack-time MS]\n",
        stderr);
    return 2;
  }
  options.socket = argv[1];
  const FakeCrio crio(options);
  signals.SayReadyAndWait();
  return 0;
}

}  // namespace
}  // namespace prepull

int main(int argc, char** argv) { return prepull::Main(argc, argv); }
