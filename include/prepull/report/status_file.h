// Keeps the status file true: whole at every moment, from the first moment of
// the run to its end.
//
// Written at once at the start and at the end, in between at most twice a
// second and at most a twentieth of the time, on a thread of its own: a slow
// disk holds back no pull. A file that cannot be written is one warning at
// the start and one at the end. Without a path it does nothing.
#ifndef PREPULL_REPORT_STATUS_FILE_H_
#define PREPULL_REPORT_STATUS_FILE_H_

#include <memory>
#include <string>

#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/pull/run_observer.h"

namespace prepull {

class StatusFile : public RunObserver {
 public:
  // `path` may be empty. `files` and `clock` must outlive this.
  StatusFile(std::string path, FileSystem& files, const Clock& clock);
  ~StatusFile() override;

  // The first word: written before this returns.
  void Begin(const Run& run);

  // The last word: written before this returns.
  void Finish(const Run& run);

  void OnPlanned(const Run&) override { has_news_ = true; }
  void OnAttempt(const Run&, const ImageOutcome&) override { has_news_ = true; }
  void OnRetry(const Run&, const ImageOutcome&, absl::Duration) override {
    has_news_ = true;
  }
  void OnEnded(const Run&, const ImageOutcome&) override { has_news_ = true; }
  Instant OnTurn(const Run& run, Instant now) override;

 private:
  class Writer;

  bool HasNews(const Run& run) const;

  const std::string path_;
  FileSystem& files_;
  const Clock& clock_;
  std::unique_ptr<Writer> writer_;
  // What the last document said of it: a change is news.
  ByteCount written_bytes_;
  bool has_news_ = false;
  Instant next_write_;
};

}  // namespace prepull

#endif  // PREPULL_REPORT_STATUS_FILE_H_
