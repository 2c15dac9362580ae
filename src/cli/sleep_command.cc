// prepull sleep: the main container of a DaemonSet whose init container has
// done the work, so that it needs no other image.
#include <memory>

#include "src/cli/commands.h"

namespace prepull {
namespace {

class SleepCommand : public CommandProgram {
 public:
  SleepCommand()
      : CommandProgram(
            {.name = "sleep",
             .summary = "do nothing until SIGTERM (a DaemonSet's main "
                        "container)",
             .about = "Waits for SIGTERM, SIGINT or SIGHUP. Prints nothing.",
             .examples = {"prepull sleep"},
             .exit_codes = {"0  stopped by a signal", "2  bad flags"},
             .waits_for_stop = true}) {}

  CommandEnd Run(const CommandContext& context) override {
    Wakeup stopped;
    std::stop_callback wake(context.stop, [&stopped] { stopped.Notify(); });
    while (!context.stop.stop_requested()) {
      context.clock.WaitUntil(Instant::Never(), stopped);
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<CommandProgram> MakeSleepCommand() {
  return std::make_unique<SleepCommand>();
}

}  // namespace prepull
