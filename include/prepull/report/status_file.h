// Writes the status file, which is complete and valid from the start of the run
// to its end.
//
// It is written at the start, at each change of phase and at the end, in
// between at most twice a second and for at most a twentieth of the time, and
// at least every 10 seconds, so that its time tells a quiet run from a dead
// one. A separate thread writes, so that a slow disk delays no pull. A file
// that cannot be written is one warning at the start and one at the end.
// Without a path nothing is written.
#ifndef PREPULL_REPORT_STATUS_FILE_H_
#define PREPULL_REPORT_STATUS_FILE_H_

#include <memory>
#include <string>

#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/run/run_observer.h"

namespace prepull {

// The maximum age of the file of a running process: three late writes.
inline constexpr absl::Duration kOldestStatus = absl::Seconds(40);

class StatusFile : public RunObserver {
 public:
  // `path` may be empty. `files` and `clock` must outlive this.
  StatusFile(std::string path, FileSystem& files, Clock& clock);
  ~StatusFile() override;

  // The last word of a process that ends at once, wherever the run is: what was
  // told last, broken off with `code` for `why`. Written before this returns,
  // or else, after `patience`, given up without leaving a draft.
  // Threads: any, at any time after the constructor.
  void BreakOff(ExitCode code, const std::string& why, absl::Duration patience);

  // Writes the first document before it returns.
  void OnStarted(const Run& run) override;
  void OnListKnown(const Run& run) override { Tell(run); }
  void OnPlanned(const Run& run) override { Tell(run); }
  void OnAttempt(const Run&, const ImageOutcome&) override { has_news_ = true; }
  void OnRetry(const Run&, const ImageOutcome&, absl::Duration) override {
    has_news_ = true;
  }
  void OnEnded(const Run&, const ImageOutcome&) override { has_news_ = true; }
  // Writes the last document before it returns. A second one is ignored.
  void OnRunEnded(const Run& run) override;
  void OnFinished(const Run& run, Instant) override { OnRunEnded(run); }
  Instant OnTurn(const Run& run, Instant now) override;

 private:
  class Writer;

  // Writes a document as soon as the disk allows.
  void Tell(const Run& run);
  bool HasNews(const Run& run) const;
  // With a warning if it could not be.
  void AwaitWritten();

  const std::string path_;
  FileSystem& files_;
  Clock& clock_;
  const std::unique_ptr<Writer> writer_;  // null without a path
  bool is_told_ = false;                  // from OnStarted to OnRunEnded
  // What the last document said of it: a change is news.
  ByteCount written_bytes_;
  bool has_news_ = false;
  Instant next_write_;
};

}  // namespace prepull

#endif  // PREPULL_REPORT_STATUS_FILE_H_
