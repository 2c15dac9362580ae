// Reads a status document back: the other half of run_document.cc.
#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/report/run_document.h"

namespace prepull {
namespace {

namespace json = boost::json;

// One level of keys; the first missing or mistyped one becomes the error.
class Keys {
 public:
  Keys(const json::object& object, std::string place)
      : object_(object), place_(std::move(place)) {}

  std::string Text(const char* key) {
    const json::value* value = Find(key);
    if (value == nullptr || !value->is_string())
      return Complain<std::string>(key, "a string");
    return Printable(std::string(value->as_string()), 4096);
  }

  // Empty for null.
  std::string MaybeText(const char* key) {
    const json::value* value = Find(key);
    return value != nullptr && value->is_null() ? "" : Text(key);
  }

  int64_t Number(const char* key) {
    const std::optional<int64_t> number = MaybeNumber(key);
    return number ? *number : Complain<int64_t>(key, "a number");
  }

  // Nothing for null.
  std::optional<int64_t> MaybeNumber(const char* key) {
    const json::value* value = Find(key);
    if (value != nullptr && value->is_null()) return std::nullopt;
    if (value == nullptr || !value->is_int64()) {
      return Complain<std::optional<int64_t>>(key, "a number");
    }
    return value->as_int64();
  }

  absl::Duration Seconds(const char* key) {
    const json::value* value = Find(key);
    if (value == nullptr || !value->is_number()) {
      return Complain<absl::Duration>(key, "a number");
    }
    return absl::Seconds(value->to_number<double>());
  }

  bool Flag(const char* key) {
    const json::value* value = Find(key);
    if (value == nullptr || !value->is_bool())
      return Complain<bool>(key, "true or false");
    return value->as_bool();
  }

  // Nothing for null.
  std::optional<absl::Time> MaybeTime(const char* key) {
    const json::value* value = Find(key);
    if (value != nullptr && value->is_null()) return std::nullopt;
    absl::Time at;
    std::string error;
    // Abseil reads "infinite-future" as well.
    if (value == nullptr || !value->is_string() ||
        !absl::ParseTime(absl::RFC3339_full, std::string(value->as_string()),
                         &at, &error) ||
        at == absl::InfiniteFuture() || at == absl::InfinitePast()) {
      return Complain<std::optional<absl::Time>>(key, "a time");
    }
    return at;
  }

  absl::Time Time(const char* key) {
    const std::optional<absl::Time> at = MaybeTime(key);
    return at ? *at : Complain<absl::Time>(key, "a time");
  }

  // The enumerator up to `last` that `name` calls so; `other` for a word that
  // a later version may have added.
  template <typename Enum, typename Name>
  Enum OneOf(const char* key, Name name, Enum last, Enum other) {
    const std::string text = Text(key);
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      if (text == name(static_cast<Enum>(i))) return static_cast<Enum>(i);
    }
    return other;
  }

  Reason ReasonOf(const char* key) {
    return ReasonNamed(Text(key)).value_or(Reason::kUnknown);
  }

  const json::array* Array(const char* key) {
    const json::value* value = Find(key);
    if (value == nullptr || !value->is_array()) {
      return Complain<const json::array*>(key, "an array");
    }
    return &value->as_array();
  }

  std::set<std::string> Names(const char* key) {
    std::set<std::string> names;
    const json::array* array = Array(key);
    if (array == nullptr) return names;
    for (const json::value& name : *array) {
      if (!name.is_string()) {
        return Complain<std::set<std::string>>(key, "a list of names");
      }
      names.emplace(name.as_string());
    }
    return names;
  }

  // Null for null.
  const json::object* Object(const char* key) {
    const json::value* value = Find(key);
    if (value != nullptr && value->is_null()) return nullptr;
    if (value == nullptr || !value->is_object()) {
      return Complain<const json::object*>(key, "an object");
    }
    return &value->as_object();
  }

  // For keys that came later than the schema's first documents.
  bool Has(const char* key) const { return Find(key) != nullptr; }

  const absl::Status& status() const { return status_; }

 private:
  const json::value* Find(const char* key) const {
    return object_.if_contains(key);
  }

  template <typename T>
  T Complain(const char* key, absl::string_view expected) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat(place_, key, " is not ", expected));
    }
    return T{};
  }

  const json::object& object_;
  const std::string place_;
  absl::Status status_;
};

// A process can end with no larger one.
constexpr int64_t kLargestExitCode = 255;

// A phase that this version does not know, of a run that ended so or not yet.
Phase UnknownPhase(const std::optional<ExitCode>& exit_code) {
  if (!exit_code) return Phase::kPulling;
  return *exit_code == ExitCode::kOk ? Phase::kSucceeded : Phase::kFailed;
}

absl::Status ReadImage(const json::value& value, size_t index, Run& run) {
  const std::string place = absl::StrCat("images[", index, "]");
  if (!value.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(place, " is no object"));
  }
  Keys keys(value.as_object(), place + ".");
  ImageOutcome image;
  image.image = keys.Text("image");
  image.origin = keys.Text("origin");
  image.attempts = static_cast<int>(std::clamp<int64_t>(
      keys.Number("attempts"), 0, std::numeric_limits<int>::max()));
  image.bytes_done = keys.Number("bytes_done");
  image.bytes_total = keys.MaybeNumber("bytes_total");
  image.size_bytes = keys.MaybeNumber("size_bytes");
  image.took = keys.Seconds("duration_seconds");
  image.image_ref = keys.Text("image_ref");
  image.pinned = keys.Flag("pinned");
  image.reason = keys.ReasonOf("reason");
  image.message = keys.Text("message");
  if (keys.Has("pulled_as")) image.pulled_as = keys.Text("pulled_as");
  if (keys.Has("platform")) image.platform = keys.MaybeText("platform");
  // Neither on the node nor failed, as far as this version can tell.
  const ImageState state = keys.OneOf("state", StateName, ImageState::kStopped,
                                      ImageState::kStopped);
  run.images.push_back(std::move(image));
  ++run.counts.waiting;
  run.Move(run.images.back(), state);
  return keys.status();
}

absl::Status ReadRuntime(const json::object& object, RuntimeFacts& runtime) {
  Keys keys(object, "runtime.");
  runtime.name = keys.Text("name");
  runtime.version = keys.Text("version");
  runtime.socket = keys.Text("socket");
  runtime.features = {.byte_progress = keys.Flag("byte_progress"),
                      .resume = keys.Flag("resume"),
                      .pin = keys.Flag("pin")};
  return keys.status();
}

absl::Status ReadBytes(const json::object& object, ByteCount& bytes) {
  Keys keys(object, "bytes.");
  bytes.done = keys.Number("done");
  bytes.total = keys.MaybeNumber("total");
  return keys.status();
}

absl::Status ReadFacts(Keys& keys, ReadRun& read) {
  Run& run = read.run;
  run.list_known = keys.MaybeNumber("total").has_value();
  if (const auto code = keys.MaybeNumber("exit_code")) {
    if (*code < 0 || *code > kLargestExitCode) {
      return absl::InvalidArgumentError(
          absl::StrCat("exit_code is not from 0 to ", kLargestExitCode));
    }
    run.exit_code = static_cast<ExitCode>(*code);
  }
  run.phase = keys.OneOf("phase", PhaseName, Phase::kInterrupted,
                         UnknownPhase(run.exit_code));
  run.reason = keys.ReasonOf("reason");
  run.message = keys.Text("message");
  if (keys.Has("tolerated")) run.tolerated = keys.Flag("tolerated");
  if (keys.Has("not_usable")) run.not_usable = keys.Names("not_usable");
  run.node = keys.Text("node");
  run.instance = keys.Text("instance");
  run.id = keys.Text("run_id");
  run.started_at = keys.Time("started_at");
  read.updated_at = keys.Time("updated_at");
  run.finished_at = keys.MaybeTime("finished_at");
  read.deadline = keys.Time("deadline");
  run.overall_timeout = read.deadline - run.started_at;
  if (const json::object* runtime = keys.Object("runtime")) {
    RETURN_IF_ERROR(ReadRuntime(*runtime, run.runtime));
  }
  if (const json::object* bytes = keys.Object("bytes")) {
    RETURN_IF_ERROR(ReadBytes(*bytes, run.bytes));
  }
  return keys.status();
}

}  // namespace

absl::StatusOr<ReadRun> ParseRunDocument(absl::string_view text) {
  json::error_code error;
  const json::value document =
      json::parse(json::string_view(text.data(), text.size()), error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("is no JSON: ", error.message()));
  }
  if (!document.is_object()) {
    return absl::InvalidArgumentError("is no JSON object");
  }
  Keys keys(document.as_object(), "");
  if (keys.Text("schema") != "prepull.status/v1") {
    return absl::InvalidArgumentError("is no prepull.status/v1 document");
  }
  ReadRun read;
  RETURN_IF_ERROR(ReadFacts(keys, read));
  const json::array* images = keys.Array("images");
  RETURN_IF_ERROR(keys.status());
  for (size_t i = 0; i < images->size(); ++i) {
    RETURN_IF_ERROR(ReadImage((*images)[i], i, read.run));
  }
  return read;
}

}  // namespace prepull
