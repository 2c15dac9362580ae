// Parses the line that machine_line.cc writes. It may come from anywhere: from
// a log that stands where a message should, cut off, or from a hostile pod.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/report/machine_line.h"
#include "src/report/state_letters.h"

namespace prepull {
namespace {

constexpr absl::string_view kLineStart = "{\"prepull\":";
constexpr size_t kMaxText = 1024;
constexpr int64_t kMaxCode = 255;
// More than any list; their states take 40 MB.
constexpr int64_t kMaxTotal = 10'000'000;
constexpr int64_t kMaxSeconds = int64_t{100} * 366 * 24 * 3600;

absl::Status Damaged(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("machine line: ", what));
}

absl::StatusOr<absl::string_view> FindLine(absl::string_view message) {
  message = absl::StripTrailingAsciiWhitespace(message);
  const size_t before = message.rfind('\n');
  const absl::string_view line =
      before == absl::string_view::npos ? message : message.substr(before + 1);
  if (absl::StartsWith(line, kLineStart)) return line;
  return absl::InvalidArgumentError(
      absl::StrCat("no machine line: expected a last line that begins with ",
                   kLineStart, message.empty() ? ", found nothing" : ""));
}

// Returns a number from 0 to `most`.
absl::StatusOr<int64_t> NumberOf(JsonValue value, int64_t most,
                                 absl::string_view name) {
  const std::optional<int64_t> number = value.integer();
  if (number && *number >= 0 && *number <= most) return *number;
  return Damaged(absl::StrCat(name, ": expected a number from 0 to ", most));
}

absl::StatusOr<std::string> TextOf(JsonValue value, absl::string_view name) {
  const std::optional<std::string> text = value.string();
  if (text) return Printable(*text, kMaxText);
  return Damaged(absl::StrCat(name, ": expected a text"));
}

absl::Status ReadCounts(JsonValue n, MachineResult& result) {
  const std::vector<JsonValue> numbers = n.elements();
  ImageCounts& counts = result.counts;
  int64_t total = 0;
  int64_t* const slots[] = {&total, &counts.pulled, &counts.skipped,
                            &counts.failed, &counts.stopped};
  if (numbers.size() != std::size(slots)) {
    return Damaged("n: expected five numbers");
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    ASSIGN_OR_RETURN(*slots[i], NumberOf(numbers[i], kMaxTotal, "n"));
  }
  if (counts.all() == total) return absl::OkStatus();
  return Damaged("n: the parts do not make the total");
}

absl::Status CheckStates(const MachineResult& result, absl::string_view key) {
  const auto count = [&result](ImageState state) {
    return std::count(result.states->begin(), result.states->end(), state);
  };
  const ImageCounts& counts = result.counts;
  if (count(ImageState::kPulled) == counts.pulled &&
      count(ImageState::kSkipped) == counts.skipped &&
      count(ImageState::kFailed) == counts.failed &&
      count(ImageState::kStopped) == counts.stopped) {
    return absl::OkStatus();
  }
  return Damaged(absl::StrCat(key, ": the states are not those of n"));
}

absl::Status ReadStates(JsonValue root, MachineResult& result) {
  const auto total = static_cast<size_t>(result.counts.all());
  if (total == 0) {
    result.states.emplace();
    return absl::OkStatus();
  }
  const absl::string_view key = root["st"].exists() ? "st" : "st2";
  if (!root[key].exists()) return absl::OkStatus();
  std::string bits;
  if (key == "st") {
    result.states = ParseRunLengths(root[key].StringOrEmpty(), total);
  } else if (absl::Base64Unescape(root[key].StringOrEmpty(), &bits)) {
    result.states = ParseStateBits(bits, total);
  }
  if (result.states) return CheckStates(result, key);
  return Damaged(
      absl::StrCat(key, ": expected the states of ", total, " images"));
}

absl::StatusOr<MachineResult::Failure> ReadFailure(
    JsonValue value, const MachineResult& result) {
  const std::vector<JsonValue> parts = value.elements();
  if (parts.size() < 2) return Damaged("f: expected a place and a reason");
  MachineResult::Failure failure;
  ASSIGN_OR_RETURN(failure.image,
                   NumberOf(parts[0], result.counts.all() - 1, "f: place"));
  ASSIGN_OR_RETURN(const std::string reason, TextOf(parts[1], "f: reason"));
  // A later version may know more reasons.
  failure.reason = ReasonNamed(reason).value_or(Reason::kUnknown);
  if (parts.size() > 2) {
    ASSIGN_OR_RETURN(failure.message, TextOf(parts[2], "f: message"));
  }
  if (!result.states) return failure;
  const ImageState state = (*result.states)[failure.image];
  if (state == ImageState::kFailed || state == ImageState::kStopped) {
    return failure;
  }
  return Damaged("f: the place of an image that is on the node");
}

// An early end that is not told apart ran out of time.
Phase PhaseAfter(ExitCode code, JsonValue phase) {
  if (code == ExitCode::kOk) return Phase::kSucceeded;
  if (code != ExitCode::kStopped) return Phase::kFailed;
  return phase.StringOrEmpty() == PhaseName(Phase::kInterrupted)
             ? Phase::kInterrupted
             : Phase::kTimedOut;
}

absl::Status ReadFailures(JsonValue root, MachineResult& result) {
  if (!root["f"].exists()) return absl::OkStatus();
  if (!root["f"].is_array()) return Damaged("f: expected an array");
  for (const JsonValue value : root["f"].elements()) {
    ASSIGN_OR_RETURN(MachineResult::Failure failure,
                     ReadFailure(value, result));
    result.failures.push_back(std::move(failure));
  }
  const int64_t missing = result.counts.failed + result.counts.stopped;
  return std::cmp_less_equal(result.failures.size(), missing)
             ? absl::OkStatus()
             : Damaged("f: more than n says");
}

absl::Status ReadList(JsonValue root, MachineResult& result) {
  if (!root["list"].exists()) return Damaged("list: missing");
  if (root["list"].is_null()) {
    return root["n"].is_null() ? absl::OkStatus()
                               : Damaged("n: expected null without a list");
  }
  ASSIGN_OR_RETURN(result.list_hash, TextOf(root["list"], "list"));
  RETURN_IF_ERROR(ReadCounts(root["n"], result));
  if (root["bytes"].exists()) {
    ASSIGN_OR_RETURN(
        result.bytes,
        NumberOf(root["bytes"], std::numeric_limits<int64_t>::max(), "bytes"));
  }
  RETURN_IF_ERROR(ReadStates(root, result));
  return ReadFailures(root, result);
}

}  // namespace

absl::StatusOr<MachineResult> ParseMachineLine(absl::string_view message) {
  ASSIGN_OR_RETURN(const absl::string_view line, FindLine(message));
  const absl::StatusOr<JsonDocument> document = JsonDocument::ParseObject(line);
  if (!document.ok()) {
    return Damaged(
        absl::StrCat("cut off or damaged: ", document.status().message()));
  }
  const JsonValue root = document->root();
  if (root["prepull"].integer() != 1) {
    return Damaged("prepull: expected 1, the version that this prepull reads");
  }
  MachineResult result;
  ASSIGN_OR_RETURN(result.run_id, TextOf(root["run"], "run"));
  ASSIGN_OR_RETURN(const int64_t code,
                   NumberOf(root["code"], kMaxCode, "code"));
  result.code = static_cast<ExitCode>(code);
  result.phase = PhaseAfter(result.code, root["phase"]);
  if (root["s"].exists()) {
    ASSIGN_OR_RETURN(const int64_t seconds,
                     NumberOf(root["s"], kMaxSeconds, "s"));
    result.took = absl::Seconds(seconds);
  }
  if (root["why"].exists()) {
    ASSIGN_OR_RETURN(result.why, TextOf(root["why"], "why"));
  }
  RETURN_IF_ERROR(ReadList(root, result));
  return result;
}

}  // namespace prepull
