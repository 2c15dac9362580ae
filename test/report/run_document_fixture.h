// A run with an image in every state, and what is written of it.
#ifndef PREPULL_TEST_REPORT_RUN_DOCUMENT_FIXTURE_H_
#define PREPULL_TEST_REPORT_RUN_DOCUMENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "prepull/report/run_document.h"

namespace prepull {

inline const Instant kDocumentNow = Instant(absl::Hours(1));
inline const absl::Time kWallNow = absl::FromUnixMillis(1767323045678);

inline RunRecord BeginningRecord() {
  return {.given = {.id = "6f0c0d1e2a3b4c5d",
                    .node = "worker-1",
                    .instance = "my-images",
                    .started_at = kWallNow - absl::Minutes(2),
                    .start = kDocumentNow - absl::Minutes(2),
                    .overall_timeout = absl::Minutes(20)}};
}

// One in every state.
inline std::vector<ImageOutcome> MixedImages() {
  return {{.image = "quay.io/a/waiting:1",
           .origin = "images.txt:1",
           .attempts = 1,
           .started_at = kDocumentNow - absl::Seconds(90),
           .reason = Reason::kRateLimited,
           .message = "429 too many requests"},
          {.image = "quay.io/a/pulling:1",
           .origin = "images.txt:2",
           .state = ImageState::kPulling,
           .attempts = 1,
           .started_at = kDocumentNow - absl::Milliseconds(1500),
           .bytes_done = 1048576,
           .bytes_total = 4194304},
          {.image = "quay.io/a/pulled:1",
           .origin = "images.txt:3",
           .state = ImageState::kPulled,
           .attempts = 2,
           .started_at = kDocumentNow - absl::Minutes(1),
           .took = absl::Milliseconds(38120),
           .bytes_done = 39859879,
           .bytes_total = 39859879,
           .size_bytes = 123456789012,
           .image_ref = "sha256:0123abcd",
           .pinned = true},
          {.image = "quay.io/a/skipped:1",
           .origin = "images.txt:4",
           .state = ImageState::kSkipped,
           .size_bytes = 1000},
          {.image = "quay.io/a/failed:1",
           .origin = "images.txt:5",
           .state = ImageState::kFailed,
           .attempts = 1,
           .started_at = kDocumentNow - absl::Minutes(1),
           .took = absl::Milliseconds(210),
           .reason = Reason::kNotFound,
           .message = "manifest unknown"},
          {.image = "quay.io/a/stopped:1",
           .origin = "argument 1",
           .state = ImageState::kStopped,
           .reason = Reason::kInterrupted,
           .message = "interrupted \"by\" SIGTERM"}};
}

// A run with an image in every state.
inline RunRecord MixedRecord() {
  RunRecord record = BeginningRecord();
  record.runtime = {
      .name = "containerd",
      .version = "1.7.24",
      .socket = "/run/containerd/containerd.sock",
      .features = {.byte_progress = true, .resume = Resume::kAlways}};
  record.list_known = true;
  record.images = MixedImages();
  record.bytes = {.done = 40908455};
  record.phase = Phase::kInterrupted;
  record.finished_at = kWallNow;
  record.exit_code = ExitCode::kStopped;
  return record;
}

inline Run BeginningRun() { return Run::Restore(BeginningRecord()); }

inline Run MixedRun() { return Run::Restore(MixedRecord()); }

inline std::string Written(const Run& run) {
  return RunDocument(run, kDocumentNow, kWallNow);
}

// The document of MixedRun with `from` replaced by `to`.
inline std::string Spoiled(const std::string& from, const std::string& to) {
  const std::string whole = Written(MixedRun());
  std::string spoiled = absl::StrReplaceAll(whole, {{from, to}});
  EXPECT_NE(whole, spoiled) << from;
  return spoiled;
}

}  // namespace prepull

#endif  // PREPULL_TEST_REPORT_RUN_DOCUMENT_FIXTURE_H_
