#include "prepull/report/machine_line.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/text.h"
#include "src/report/state_letters.h"

namespace prepull {
namespace {

// A longer st costs more than st2 for as many images as that can tell of.
constexpr size_t kMaxRunLengths = 1400;
constexpr size_t kMaxWhy = 200;
constexpr size_t kMaxFailureMessage = 120;
constexpr absl::string_view kEnd = "}";
constexpr absl::string_view kFailuresStart = ",\"f\":[";
constexpr absl::string_view kFailuresEnd = "]";

// The line without its end and its failures.
std::string Facts(const Run& run, absl::Duration took) {
  JsonWriter json;
  json.OpenObject().Integer("prepull", 1).String("run", run.id());
  if (run.list_known()) {
    json.String("list", run.list_hash());
  } else {
    json.Null("list");
  }
  json.Integer("code",
               static_cast<int>(run.exit_code().value_or(ExitCode::kInternal)));
  if (run.list_known()) {
    const ImageCounts& counts = run.counts();
    json.OpenArray("n");
    for (const int64_t count : {run.total(), counts.pulled, counts.skipped,
                                counts.failed, counts.stopped}) {
      json.Integer("", count);
    }
    json.CloseArray().Integer("bytes", run.bytes().done);
  } else {
    json.Null("n");
  }
  json.Integer("s", absl::ToInt64Seconds(took));
  if (run.phase() == Phase::kInterrupted) {
    json.String("phase", PhaseName(run.phase()));
  }
  if (!run.message().empty()) {
    json.String("why", Printable(run.message(), kMaxWhy));
  }
  return json.Take();
}

// The states as a member of the object, or "" where they have no room beside
// `used` bytes.
std::string StatesMember(const Run& run, size_t used) {
  if (run.images().empty()) return "";
  std::vector<ImageState> states;
  states.reserve(run.images().size());
  for (const ImageOutcome& image : run.images()) states.push_back(image.state);
  const std::string lengths = RunLengths(states, kMaxRunLengths);
  if (!lengths.empty()) return absl::StrCat(",\"st\":\"", lengths, "\"");
  const std::string bits =
      absl::StrCat(",\"st2\":\"", absl::Base64Escape(StateBits(states)), "\"");
  const bool has_room =
      used + bits.size() + kEnd.size() <= kMaxMachineLineBytes;
  return has_room ? bits : "";
}

std::string FailureItem(size_t place, const ImageOutcome& image,
                        bool with_message) {
  std::string item = absl::StrCat("[", place, ",");
  AppendJsonString(ReasonName(image.reason), item);
  if (with_message && !image.message.empty()) {
    item.push_back(',');
    AppendJsonString(Printable(image.message, kMaxFailureMessage), item);
  }
  return item + "]";
}

// The failures as a member of the object of at most `room` bytes: as many as
// fit, those that failed before those that were stopped, and then messages as
// long as they fit.
std::string FailuresMember(const Run& run, size_t room) {
  const size_t frame = kFailuresStart.size() + kFailuresEnd.size();
  std::vector<size_t> places;
  std::vector<std::string> items;
  size_t size = frame;
  for (const ImageState state : {ImageState::kFailed, ImageState::kStopped}) {
    for (size_t i = 0; i < run.images().size() && size < room; ++i) {
      const ImageOutcome& image = run.images()[i];
      if (image.state != state || image.reason == Reason::kNone) continue;
      std::string item = FailureItem(i, image, /*with_message=*/false);
      size += item.size() + 1;  // and its comma
      if (size > room) break;
      places.push_back(i);
      items.push_back(std::move(item));
    }
  }
  if (items.empty()) return "";
  for (size_t i = 0; i < items.size() && size < room; ++i) {
    std::string item = FailureItem(places[i], run.images()[places[i]],
                                   /*with_message=*/true);
    const size_t larger = size - items[i].size() + item.size();
    if (larger > room) continue;
    size = larger;
    items[i] = std::move(item);
  }
  return absl::StrCat(kFailuresStart, absl::StrJoin(items, ","), kFailuresEnd);
}

}  // namespace

std::string MachineLine(const Run& run, absl::Duration took) {
  std::string line = Facts(run, took);
  if (run.list_known()) {
    absl::StrAppend(&line, StatesMember(run, line.size()));
    const size_t used = line.size() + kEnd.size();
    if (used < kMaxMachineLineBytes) {
      absl::StrAppend(&line, FailuresMember(run, kMaxMachineLineBytes - used));
    }
  }
  return absl::StrCat(line, kEnd);
}

}  // namespace prepull
