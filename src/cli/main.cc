#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/base/stop_signal.h"
#include "src/cli/app.h"
#include "src/cli/console.h"

namespace prepull {
namespace {

// A standard stream that came closed would lend its number to the next file
// that is opened, and lines meant for people would end in that file. Libraries
// open their first files before main, so this runs before their constructors;
// by bare system calls, because sanitizers are not awake yet.
void OpenClosedStreams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (syscall(SYS_fcntl, fd, F_GETFD) == -1) {
      syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    }
  }
}

[[gnu::section(".preinit_array"),
  gnu::used]] constexpr void (*kBeforeAll)() = OpenClosedStreams;

int Main(int argc, char** argv) {
  // A reader that goes away shows as EPIPE instead.
  std::signal(SIGPIPE, SIG_IGN);
  SystemClock clock;
  const Instant started = clock.Now();
  SystemHost host(clock);
  SystemFileSystem files;
  Console console(host);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool is_sleep = !words.empty() && words[0] == "sleep";
  StopSignal stop({.on_first =
                       [&console, is_sleep] {
                         if (is_sleep) return;
                         console.PrintErr("stopping (again to force)");
                       },
                   .on_second =
                       [&console] {
                         console.Abandon();
                         _exit(static_cast<int>(ExitCode::kStopped));
                       }});
  const CommandContext context = {.host = host,
                                  .files = files,
                                  .clock = clock,
                                  .console = console,
                                  .stop = stop.token(),
                                  .started = started};
  return static_cast<int>(RunApp(words, context));
}

}  // namespace
}  // namespace prepull

int main(int argc, char** argv) {
  try {
    return prepull::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "prepull: internal error: %s\n", error.what());
    return 1;
  }
}
