#include "prepull/report/run_document.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/report/document_image.h"

namespace prepull {
namespace {

std::string TimeText(absl::Time at) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", at, absl::UTCTimeZone());
}

void WriteTime(JsonWriter& json, absl::string_view key,
               const std::optional<absl::Time>& at) {
  if (at) {
    json.String(key, TimeText(*at));
  } else {
    json.Null(key);
  }
}

// The keys of lifecycle-agent's status file.
void WriteCounts(JsonWriter& json, const Run& run) {
  json.Integer("total", run.list_known() ? std::optional<int64_t>(run.total())
                                         : std::nullopt);
  json.Integer("pulled", run.counts().pulled);
  json.Integer("skipped", run.counts().skipped);
  json.Integer("failed", run.counts().failed);
  json.OpenArray("failed_pulls");
  for (const ImageOutcome& image : run.images()) {
    if (image.state == ImageState::kFailed) json.String("", image.image);
  }
  json.CloseArray();
}

void WriteState(JsonWriter& json, const Run& run, absl::Time wall_now) {
  json.String("schema", "prepull.status/v1");
  json.String("phase", PhaseName(run.phase()));
  if (run.exit_code()) {
    json.Integer("exit_code", static_cast<int>(*run.exit_code()));
  } else {
    json.Null("exit_code");
  }
  json.String("reason", ReasonName(run.reason()));
  json.String("message", run.message());
  json.Bool("tolerated", run.tolerated());
  json.String("node", run.node());
  json.String("instance", run.instance());
  json.String("run_id", run.id());
  WriteTime(json, "started_at", run.started_at());
  WriteTime(json, "updated_at", wall_now);
  WriteTime(json, "finished_at", run.finished_at());
  WriteTime(json, "deadline", run.started_at() + run.overall_timeout());
}

void WriteRuntime(JsonWriter& json, const RuntimeFacts& runtime) {
  if (runtime.socket.empty()) {
    json.Null("runtime");
    return;
  }
  json.OpenObject("runtime")
      .String("name", runtime.name)
      .String("version", runtime.version)
      .String("socket", runtime.socket);
  WriteFeatures(json, runtime.features);
  json.CloseObject();
}

}  // namespace

void WriteImage(JsonWriter& json, const ImageOutcome& image, Instant now) {
  const absl::Duration took = IsFinal(image.state) || !image.started_at
                                  ? image.took
                                  : now - *image.started_at;
  json.OpenObject()
      .String("image", image.image)
      .String("origin", image.origin)
      .String("state", StateName(image.state))
      .Integer("attempts", image.attempts)
      .Integer("bytes_done", image.bytes_done)
      .Integer("bytes_total", image.bytes_total)
      .Integer("size_bytes", image.size_bytes)
      .Decimal("duration_seconds", absl::ToDoubleSeconds(took))
      .String("image_ref", image.image_ref)
      .Bool("pinned", image.pinned)
      .String("reason", ReasonName(image.reason))
      .String("message", image.message.empty() ? image.warning : image.message)
      .String("pulled_as", image.pulled_as);
  if (image.platform.empty()) {
    json.Null("platform");
  } else {
    json.String("platform", image.platform);
  }
  json.CloseObject();
}

void WriteFeatures(JsonWriter& json, const RuntimeFeatures& features) {
  json.Bool("byte_progress", features.byte_progress);
  if (features.resume == Resume::kWithinPull) {
    json.String("resume", kWithinPull);
  } else {
    json.Bool("resume", features.resume == Resume::kAlways);
  }
  json.Bool("pin", features.pin)
      .Bool("watch_connections", features.connections);
}

std::string RunDocument(const Run& run, Instant now, absl::Time wall_now) {
  JsonWriter json;
  json.Reserve(1024 + 512 * run.images().size());
  json.OpenObject();
  WriteCounts(json, run);
  WriteState(json, run, wall_now);
  WriteRuntime(json, run.runtime());
  json.OpenObject("bytes")
      .Integer("done", run.bytes().done)
      .Integer("total", run.bytes().total)
      .CloseObject();
  json.Integer("ended_connections", run.ended_connections());
  json.OpenArray("not_usable");
  for (const std::string& name : run.not_usable()) json.String("", name);
  json.CloseArray();
  if (run.omitted() > 0) json.Integer("images_omitted", run.omitted());
  json.OpenArray("images");
  for (const ImageOutcome& image : run.images()) WriteImage(json, image, now);
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

std::string Indented(absl::string_view json) {
  std::string out;
  std::string line_start = "\n";
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const char next = i + 1 < json.size() ? json[i + 1] : '\0';
    if (in_string) {
      out.push_back(c);
      if (c == '\\') out.push_back(json[++i]);
      in_string = c != '"';
    } else if ((c == '{' && next == '}') || (c == '[' && next == ']')) {
      absl::StrAppend(&out, json.substr(i++, 2));
    } else if (c == '{' || c == '[') {
      line_start.append("  ");
      absl::StrAppend(&out, json.substr(i, 1), line_start);
    } else if (c == '}' || c == ']') {
      line_start.resize(line_start.size() - 2);
      absl::StrAppend(&out, line_start, json.substr(i, 1));
    } else if (c == ',') {
      absl::StrAppend(&out, ",", line_start);
    } else if (c == ':') {
      out.append(": ");
    } else if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
      in_string = c == '"';
      out.push_back(c);
    }
  }
  return absl::EndsWith(json, "\n") ? out + "\n" : out;
}

}  // namespace prepull
