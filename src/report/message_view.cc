#include "prepull/report/message_view.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/table.h"
#include "prepull/base/units.h"
#include "prepull/report/lines.h"

namespace prepull {
namespace {

using Failures = std::map<size_t, const MachineResult::Failure*>;

// By their places in the list.
Failures FailuresOf(const MachineResult& result) {
  Failures failures;
  for (const MachineResult::Failure& each : result.failures) {
    failures.emplace(each.image, &each);
  }
  return failures;
}

bool IsTolerated(const MachineResult& result) {
  return result.code == ExitCode::kOk && result.counts.failed > 0;
}

std::string LastLineOf(const MachineResult& result) {
  std::string line = absl::StrCat(PhaseName(result.phase), ": ");
  if (!result.why.empty()) {
    absl::StrAppend(&line, result.why, "; ");
  }
  absl::StrAppend(&line, result.list_hash
                             ? CountsText(result.counts, IsTolerated(result))
                             : "ended before its list was known");
  if (result.list_hash && !result.states) {
    absl::StrAppend(&line, "; which ones had no room in the message");
  }
  return absl::StrCat(line, " (", HumanDuration(result.took), ")\n");
}

void WriteImages(const MachineResult& result, const ImageNames& images,
                 const Failures& failures, JsonWriter& json) {
  if (!result.states) {
    json.Null("images");
    return;
  }
  json.OpenArray("images");
  for (size_t i = 0; i < images.size(); ++i) {
    const auto failure = failures.find(i);
    const bool has_failure = failure != failures.end();
    json.OpenObject()
        .String("image", images[i])
        .String("state", StateName((*result.states)[i]))
        .String("reason",
                has_failure ? ReasonName(failure->second->reason) : "")
        .String("message", has_failure ? failure->second->message : "")
        .CloseObject();
  }
  json.CloseArray();
}

// The places of the images that are known to have failed.
std::set<size_t> FailedPlaces(const MachineResult& result) {
  std::set<size_t> places;
  if (result.states) {
    for (size_t i = 0; i < result.states->size(); ++i) {
      if ((*result.states)[i] == ImageState::kFailed) places.insert(i);
    }
    return places;
  }
  // Those that were stopped come after them.
  for (const MachineResult::Failure& each : result.failures) {
    if (std::cmp_equal(places.size(), result.counts.failed)) break;
    places.insert(each.image);
  }
  return places;
}

void WriteFailedPulls(const MachineResult& result, const ImageNames& images,
                      JsonWriter& json) {
  json.OpenArray("failed_pulls");
  for (const size_t place : FailedPlaces(result)) {
    json.String("", images[place]);
  }
  json.CloseArray();
}

}  // namespace

std::string MessageTable(const MachineResult& result, const ImageNames& images,
                         bool with_header) {
  if (!result.list_hash) return LastLineOf(result);
  const Failures failures = FailuresOf(result);
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < images.size(); ++i) {
    const auto failure = failures.find(i);
    const bool has_failure = failure != failures.end();
    if (!result.states && !has_failure) continue;
    rows.push_back(
        {images[i],
         result.states ? std::string(StateName((*result.states)[i])) : "-",
         has_failure ? std::string(ReasonName(failure->second->reason)) : "",
         has_failure ? failure->second->message : ""});
  }
  return absl::StrCat(
      Table({"IMAGE", "STATE", "REASON", "MESSAGE"}, rows, with_header),
      LastLineOf(result));
}

std::string MessageDocument(const MachineResult& result,
                            const ImageNames& images) {
  const Failures failures = FailuresOf(result);
  const ImageCounts& counts = result.counts;
  JsonWriter json;
  json.OpenObject();
  json.Integer("total",
               result.list_hash ? std::optional(counts.all()) : std::nullopt)
      .Integer("pulled", counts.pulled)
      .Integer("skipped", counts.skipped)
      .Integer("failed", counts.failed);
  WriteFailedPulls(result, images, json);
  json.String("schema", "prepull.message/v1")
      .String("phase", PhaseName(result.phase))
      .Integer("exit_code", static_cast<int>(result.code))
      .String("message", result.why)
      .Bool("tolerated", IsTolerated(result))
      .String("run_id", result.run_id);
  if (result.list_hash) {
    json.String("list", *result.list_hash);
  } else {
    json.Null("list");
  }
  json.Integer("stopped", counts.stopped)
      .Decimal("duration_seconds", absl::ToDoubleSeconds(result.took));
  json.OpenObject("bytes").Integer("done", result.bytes).CloseObject();
  WriteImages(result, images, failures, json);
  json.CloseObject();
  return json.Take() + "\n";
}

std::string PresentNames(const MachineResult& result,
                         const ImageNames& images) {
  std::string names;
  for (size_t i = 0; i < images.size(); ++i) {
    const ImageState state = (*result.states)[i];
    if (state == ImageState::kPulled || state == ImageState::kSkipped) {
      absl::StrAppend(&names, images[i], "\n");
    }
  }
  return names;
}

}  // namespace prepull
