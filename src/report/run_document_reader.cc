// Parses the status document that run_document.cc writes.
#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/report/run_document.h"

namespace prepull {
namespace {

constexpr size_t kMaxTextBytes = 4096;

// Reads the fields of one object as the document's types.
class Keys : public JsonFields {
 public:
  using JsonFields::JsonFields;

  std::string Text(absl::string_view key) {
    return Printable(String(key), kMaxTextBytes);
  }

  std::string TextOrNull(absl::string_view key) {
    return Printable(StringOrNull(key), kMaxTextBytes);
  }

  // Returns the enumerator up to `last` that `name` gives this text; `other`
  // for a word that a later version may have added.
  template <typename Enum, typename Name>
  Enum OneOf(absl::string_view key, Name name, Enum last, Enum other) {
    const std::string text = Text(key);
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      if (text == name(static_cast<Enum>(i))) return static_cast<Enum>(i);
    }
    return other;
  }

  Reason ReasonOf(absl::string_view key) {
    return ReasonNamed(Text(key)).value_or(Reason::kUnknown);
  }
};

// A process can end with no larger one.
constexpr int64_t kMaxExitCode = 255;
// More than any list has.
constexpr int64_t kMaxOmitted = 1'000'000'000;

// Returns the phase for a word of a later version, by how the run ended.
Phase UnknownPhase(const std::optional<ExitCode>& exit_code) {
  if (!exit_code) return Phase::kPulling;
  return *exit_code == ExitCode::kOk ? Phase::kSucceeded : Phase::kFailed;
}

absl::Status ReadImage(JsonValue value, size_t index, RunRecord& record) {
  Keys keys(value, absl::StrCat("images[", index, "]"));
  // Neither on the node nor failed, as far as this version can tell, if it is
  // in a state that a later one has added.
  ImageOutcome image = {.state =
                            keys.OneOf("state", StateName, ImageState::kStopped,
                                       ImageState::kStopped)};
  image.image = keys.Text("image");
  image.origin = keys.Text("origin");
  image.attempts = static_cast<int>(std::clamp<int64_t>(
      keys.Integer("attempts"), 0, std::numeric_limits<int>::max()));
  image.bytes_done = keys.Integer("bytes_done");
  image.bytes_total = keys.IntegerOrNull("bytes_total");
  image.size_bytes = keys.IntegerOrNull("size_bytes");
  image.took = keys.Seconds("duration_seconds");
  image.image_ref = keys.Text("image_ref");
  image.pinned = keys.Bool("pinned");
  image.reason = keys.ReasonOf("reason");
  image.message = keys.Text("message");
  if (keys.Has("pulled_as")) image.pulled_as = keys.Text("pulled_as");
  if (keys.Has("platform")) image.platform = keys.TextOrNull("platform");
  record.images.push_back(std::move(image));
  return keys.status();
}

Resume ReadResume(JsonValue runtime, Keys& keys) {
  if (runtime["resume"].string() == kWithinPull) return Resume::kWithinPull;
  return keys.Bool("resume") ? Resume::kAlways : Resume::kNever;
}

absl::Status ReadRuntime(JsonValue object, RuntimeFacts& runtime) {
  Keys keys(object, "runtime");
  runtime.name = keys.Text("name");
  runtime.version = keys.Text("version");
  runtime.socket = keys.Text("socket");
  runtime.features = {.byte_progress = keys.Bool("byte_progress"),
                      .resume = ReadResume(object, keys),
                      .pin = keys.Bool("pin")};
  if (keys.Has("watch_connections")) {
    runtime.features.connections = keys.Bool("watch_connections");
  }
  return keys.status();
}

absl::Status ReadBytes(JsonValue object, ByteCount& bytes) {
  Keys keys(object, "bytes");
  bytes.done = keys.Integer("done");
  bytes.total = keys.IntegerOrNull("total");
  return keys.status();
}

absl::Status ReadFacts(Keys& keys, ReadRun& read, RunRecord& record) {
  record.list_known = keys.IntegerOrNull("total").has_value();
  if (const auto code = keys.IntegerOrNull("exit_code")) {
    if (*code < 0 || *code > kMaxExitCode) {
      return absl::InvalidArgumentError(
          absl::StrCat("exit_code: expected 0 to ", kMaxExitCode));
    }
    record.exit_code = static_cast<ExitCode>(*code);
  }
  record.phase = keys.OneOf("phase", PhaseName, Phase::kInterrupted,
                            UnknownPhase(record.exit_code));
  record.reason = keys.ReasonOf("reason");
  record.message = keys.Text("message");
  if (keys.Has("tolerated")) record.tolerated = keys.Bool("tolerated");
  if (keys.Has("ended_connections")) {
    record.ended_connections = keys.Integer("ended_connections");
  }
  if (keys.Has("not_usable")) {
    const std::vector<std::string> names = keys.Strings("not_usable");
    record.not_usable = std::set<std::string>(names.begin(), names.end());
  }
  record.given.node = keys.Text("node");
  record.given.instance = keys.Text("instance");
  record.given.id = keys.Text("run_id");
  record.given.started_at = keys.Time("started_at");
  read.updated_at = keys.Time("updated_at");
  record.finished_at = keys.TimeOrNull("finished_at");
  read.deadline = keys.Time("deadline");
  record.given.overall_timeout = read.deadline - record.given.started_at;
  if (const JsonValue runtime = keys.ObjectOrNull("runtime");
      runtime.exists()) {
    RETURN_IF_ERROR(ReadRuntime(runtime, record.runtime));
  }
  if (const JsonValue bytes = keys.ObjectOrNull("bytes"); bytes.exists()) {
    RETURN_IF_ERROR(ReadBytes(bytes, record.bytes));
  }
  return keys.status();
}

// Returns how many of `left` images a count of all of them adds to what was
// counted already, and takes them away.
int64_t TakeOmitted(int64_t all, int64_t counted, int64_t& left) {
  const int64_t taken =
      all > counted ? std::min(all - counted, left) : int64_t{0};
  left -= taken;
  return taken;
}

// The images that the document had no room for are in the states that its own
// counts leave over; the rest of them did not come to an end.
absl::Status ReadOmitted(Keys& keys, RunRecord& record) {
  if (!keys.Has("images_omitted")) return absl::OkStatus();
  int64_t left = keys.Integer("images_omitted");
  const int64_t pulled = keys.Integer("pulled");
  const int64_t skipped = keys.Integer("skipped");
  const int64_t failed = keys.Integer("failed");
  RETURN_IF_ERROR(keys.status());
  for (const int64_t count : {left, pulled, skipped, failed}) {
    if (count >= 0 && count <= kMaxOmitted) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("images_omitted: expected counts of 0 to ", kMaxOmitted));
  }
  const ImageCounts kept = Run::Restore(record).counts();
  record.omitted = {.pulled = TakeOmitted(pulled, kept.pulled, left),
                    .skipped = TakeOmitted(skipped, kept.skipped, left),
                    .failed = TakeOmitted(failed, kept.failed, left)};
  (record.exit_code ? record.omitted.stopped : record.omitted.waiting) = left;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReadRun> ParseRunDocument(absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument document,
                   JsonDocument::ParseObject(text));
  Keys keys(document.root());
  if (keys.Text("schema") != "prepull.status/v1") {
    return absl::InvalidArgumentError("schema: expected prepull.status/v1");
  }
  ReadRun read;
  RunRecord record;
  RETURN_IF_ERROR(ReadFacts(keys, read, record));
  const std::vector<JsonValue> images = keys.Array("images");
  RETURN_IF_ERROR(keys.status());
  for (size_t i = 0; i < images.size(); ++i) {
    RETURN_IF_ERROR(ReadImage(images[i], i, record));
  }
  RETURN_IF_ERROR(ReadOmitted(keys, record));
  read.run = Run::Restore(std::move(record));
  return read;
}

absl::Status CheckStatusDocument(absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument document,
                   JsonDocument::ParseObject(text));
  if (document["schema"].exists()) return ParseRunDocument(text).status();
  bool is_foreign = true;
  for (const char* key : {"total", "pulled", "failed"}) {
    is_foreign = is_foreign && document[key].integer().has_value();
  }
  const bool has_failures = document["failed_pulls"].exists();
  const size_t keys = document["skipped"].exists() ? 5 : 4;
  if (is_foreign && has_failures && document.root().size() == keys) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "neither a status file of prepull nor one of lifecycle-agent");
}

}  // namespace prepull
