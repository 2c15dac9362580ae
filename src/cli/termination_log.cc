#include "src/cli/termination_log.h"

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "prepull/base/log.h"
#include "prepull/report/termination_message.h"

namespace prepull {
namespace {

// The kubelet has bind-mounted an empty file there, which can be written but
// not replaced.
void WriteMessage(const std::string& path, const std::string& message,
                  FileSystem& files) {
  const absl::Status written = files.WriteExisting(path, message);
  if (written.ok() || absl::IsNotFound(written)) return;
  Log(LogLevel::kDebug, "no termination message",
      {{"error", written.message()}});
}

}  // namespace

void TerminationLog::Write(const Run& run, Instant now) const {
  WriteMessage(path_, TerminationMessage(run, now - run.start()), files_);
}

void TerminationLog::BreakOff(const std::string& run_id, ExitCode code,
                              const std::string& why,
                              absl::Duration patience) const {
  Run run({.id = run_id});
  run.End({.code = code, .message = why}, absl::UnixEpoch());
  const std::string message = TerminationMessage(run, absl::ZeroDuration());
  if (code == ExitCode::kInternal) {
    // A broken process starts no thread, and a timer ends it.
    WriteMessage(path_, message, files_);
    return;
  }
  std::promise<void> written;
  const std::future<void> is_written = written.get_future();
  // A disk that hangs keeps the thread, not the process, which is about to end.
  std::thread([path = path_, message, &files = files_,
               written = std::move(written)]() mutable {
    WriteMessage(path, message, files);
    written.set_value();
  }).detach();
  is_written.wait_for(absl::ToChronoNanoseconds(patience));
}

}  // namespace prepull
