// The machine line: the result of a run as one line of JSON at the end of the
// termination message, which the kubelet writes into the status of the pod. It
// names images by their places in the list, so that it is short. Pure.
//
//   {"prepull":1,"run":"6f0c…","list":"0ed9e5f3c7f62b06","code":1,
//    "n":[50,40,8,2,0],"bytes":39859879123,"s":812,"st":"8S40P2F",
//    "f":[[48,"NotFound"],[49,"Stalled","nothing arrived for 5m"]]}
//
// n: total, pulled, skipped, failed, stopped. st: the states in the order of
// the list, each letter (P S F T, as in n) behind its count; where that is too
// long, st2: two bits an image, 0 to 3 for the same letters, the first image in
// the highest bits of the first byte, as base64; where that is too long, too,
// neither. f: place in the list (from 0), reason and message of images that
// failed or were stopped, while there is room. why: what ended the run early.
// phase: only "Interrupted", of a run that was told to stop.
// list and n are null for a run that ended before its list was known.
#ifndef PREPULL_REPORT_MACHINE_LINE_H_
#define PREPULL_REPORT_MACHINE_LINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/run/run.h"

namespace prepull {

// With 1,000 bytes of text before it, a message fits into what four containers
// of a pod have each.
inline constexpr size_t kMaxMachineLineBytes = 2000;

// Returns the line without its newline, at most kMaxMachineLineBytes. The run
// has ended: no image is waiting or being pulled.
std::string MachineLine(const Run& run, absl::Duration took);

// What a machine line says.
struct MachineResult {
  struct Failure {
    size_t image = 0;  // its place in the list
    Reason reason = Reason::kUnknown;
    std::string message = "";
  };

  std::string run_id = "";
  ExitCode code = ExitCode::kOk;
  Phase phase = Phase::kSucceeded;
  std::string why = "";
  absl::Duration took = absl::ZeroDuration();
  // Without a value the list was not known, and nothing below is set.
  std::optional<std::string> list_hash = std::nullopt;
  ImageCounts counts = {};
  int64_t bytes = 0;
  // One for each image; nothing if there was no room for them.
  std::optional<std::vector<ImageState>> states = std::nullopt;
  // Those that failed before those that were stopped.
  std::vector<Failure> failures = {};
};

// Reads the last line of a termination message. What it says is consistent:
// the counts are those of the states, and places are within the list.
// Errors: INVALID_ARGUMENT  it is no machine line, or a damaged one.
absl::StatusOr<MachineResult> ParseMachineLine(absl::string_view message);

}  // namespace prepull

#endif  // PREPULL_REPORT_MACHINE_LINE_H_
