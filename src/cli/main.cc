#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/base/stop_signal.h"
#include "src/cli/app.h"
#include "src/cli/command_context.h"
#include "src/cli/console.h"
#include "src/cli/drop_in.h"

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

// How long output is flushed after a second signal.
constexpr absl::Duration kFlushTimeout = absl::Milliseconds(200);
constexpr int kInternal = static_cast<int>(ExitCode::kInternal);

// Global for OnAbort, which has no arguments and may be called at any time.
ExitHook& TheExitHook() {
  static auto* hook = new ExitHook;
  return *hook;
}
char internal_error[256] = "internal error";

// Handles an uncaught exception of any thread.
[[noreturn]] void OnTerminate() {
  try {
    if (const std::exception_ptr error = std::current_exception()) {
      std::rethrow_exception(error);
    }
  } catch (const std::exception& error) {
    std::snprintf(internal_error, sizeof(internal_error), "internal error: %s",
                  error.what());
  } catch (...) {
  }
  std::abort();
}

// Every internal error ends here: an exception by OnTerminate, a broken
// invariant by assert. The signal is raised by the failing thread itself and
// not asynchronously, so more than async-signal-safe calls may be used; if it
// hangs all the same, a timer ends the process.
void OnAbort(int) {
  std::signal(SIGABRT, SIG_DFL);
  std::signal(SIGALRM, [](int) { _exit(kInternal); });
  alarm(1);
  TheExitHook().Run(ExitCode::kInternal, internal_error);
  std::fprintf(stderr, "prepull: %s\n", internal_error);
  _exit(kInternal);
}

int Main(int argc, char** argv) {
  // A reader that goes away shows as EPIPE instead.
  std::signal(SIGPIPE, SIG_IGN);
  SystemClock clock;
  const Instant started = clock.Now();
  SystemHost host(clock);
  SystemFileSystem files;
  Console console(host);
  std::set_terminate(OnTerminate);
  std::signal(SIGABRT, OnAbort);
  const std::vector<std::string> words(argv + 1, argv + argc);
  std::atomic<bool> announces_stop = false;  // the command says
  StopSignal stop({.on_first =
                       [&console, &announces_stop] {
                         if (announces_stop)
                           console.PrintErr("stopping (again to force)");
                       },
                   .on_second =
                       [&] {
                         console.Abandon();
                         TheExitHook().Run(ExitCode::kStopped, "interrupted");
                         console.Flush(clock.Now() + kFlushTimeout, {});
                         _exit(static_cast<int>(ExitCode::kStopped));
                       }},
                  clock);
  const CommandContext context = {.host = host,
                                  .files = files,
                                  .clock = clock,
                                  .console = console,
                                  .exit_hook = TheExitHook(),
                                  .announces_stop = announces_stop,
                                  .stop = stop.token(),
                                  .started = started};
  const auto run = argc > 0 && IsShellName(argv[0]) ? RunShell : RunApp;
  return static_cast<int>(run(words, context));
}

}  // namespace
}  // namespace prepull

int main(int argc, char** argv) { return prepull::Main(argc, argv); }
