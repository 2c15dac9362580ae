#include "src/cli/termination_log.h"

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

void TerminationLog::OnStarted(const Run& run) {
  MutexLock lock(mutex_);
  start_ = {.id = run.id(), .start = run.start()};
}

void TerminationLog::OnListKnown(const Run& run) {
  std::vector<ImageState> states;
  states.reserve(run.images().size());
  for (const ImageOutcome& image : run.images()) states.push_back(image.state);
  MutexLock lock(mutex_);
  list_hash_ = run.list_hash();
  states_ = std::move(states);
}

void TerminationLog::OnEnded(const Run& run, const ImageOutcome& image) {
  const auto place = static_cast<size_t>(&image - run.images().data());
  MutexLock lock(mutex_);
  if (place < states_.size()) states_[place] = image.state;
}

void TerminationLog::Write(const Run& run) {
  {
    MutexLock lock(mutex_);
    is_over_ = true;
  }
  WriteMessage(path_, TerminationMessage(run, clock_.Now() - run.start()),
               files_);
}

std::optional<Run> TerminationLog::Broken(ExitCode code,
                                          const std::string& why) {
  MutexLock lock(mutex_);
  if (std::exchange(is_over_, true)) return std::nullopt;
  Run run(start_);
  if (list_hash_) {
    std::vector<ImageOutcome> images;
    images.reserve(states_.size());
    for (const ImageState state : states_) {
      images.push_back(
          {.state = IsFinal(state) ? state : ImageState::kStopped});
    }
    run.EnterList(std::move(images), *list_hash_);
  }
  const bool is_stop = code == ExitCode::kStopped;
  run.End({.code = code,
           .phase = is_stop ? Phase::kInterrupted : Phase::kFailed,
           .message = why},
          absl::UnixEpoch());
  return run;
}

std::future<void> TerminationLog::BreakOff(ExitCode code,
                                           const std::string& why) {
  std::promise<void> written;
  std::future<void> is_written = written.get_future();
  const std::optional<Run> run = Broken(code, why);
  if (!run) {
    written.set_value();
    return is_written;
  }
  const std::string message =
      TerminationMessage(*run, clock_.Now() - run->start());
  if (code == ExitCode::kInternal) {
    // A broken process starts no thread, and a timer ends it.
    WriteMessage(path_, message, files_);
    written.set_value();
    return is_written;
  }
  // A disk that hangs keeps the thread, not the process, which is about to end.
  std::thread([path = path_, message, &files = files_,
               written = std::move(written)]() mutable {
    WriteMessage(path, message, files);
    written.set_value();
  }).detach();
  return is_written;
}

}  // namespace prepull
