#include "src/controller/node_record.h"

#include <array>
#include <utility>

#include "absl/strings/strip.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr int kRecordVersion = 1;
constexpr size_t kMaxRecordWhy = 300;

absl::StatusOr<NodeState> StateNamed(absl::string_view name) {
  for (const NodeState state : {NodeState::kSucceeded, NodeState::kTimedOut,
                                NodeState::kFailed, NodeState::kUnreachable}) {
    if (NodeStateName(state) == name) return state;
  }
  return absl::InvalidArgumentError("state: not one of a record");
}

absl::string_view LastLine(absl::string_view text) {
  text = absl::StripSuffix(text, "\n");
  const size_t start = text.rfind('\n');
  return start == absl::string_view::npos ? text : text.substr(start + 1);
}

}  // namespace

void TakeMachineLine(absl::string_view message, NodeRecord& record) {
  const absl::string_view line = LastLine(message);
  // 200 records are in one object, which is bounded.
  if (line.size() > kMaxMachineLineBytes) return;
  absl::StatusOr<MachineResult> result = ParseMachineLine(line);
  if (!result.ok()) return;
  if (result->list_hash && *result->list_hash != record.list_hash) return;
  record.line = std::string(line);
  record.counts = result->counts;
  record.bytes = result->bytes;
  record.failures = std::move(result->failures);
}

std::string RecordText(const NodeRecord& record) {
  JsonWriter json;
  json.OpenObject()
      .Integer("v", kRecordVersion)
      .String("job", record.job_uid)
      .String("list", record.list_hash)
      .String("task", record.task)
      .Integer("round", record.round)
      .String("state", NodeStateName(record.state));
  if (!record.why.empty()) {
    json.String("why", Printable(record.why, kMaxRecordWhy));
  }
  json.String("at", record.ended_at).Integer("pods", record.pods);
  if (record.code) json.Integer("code", *record.code);
  if (!record.line.empty()) json.String("line", record.line);
  return json.CloseObject().Take();
}

absl::StatusOr<NodeRecord> ParseRecord(absl::string_view text) {
  ASSIGN_OR_RETURN(const JsonDocument document,
                   JsonDocument::ParseObject(text));
  JsonFields fields(document.root());
  // A later version may know more; what this one knows keeps its meaning.
  fields.Integer("v");
  NodeRecord record;
  record.job_uid = fields.String("job");
  record.list_hash = fields.String("list");
  record.task = fields.String("task");
  record.round = fields.Integer("round");
  const std::string state = fields.String("state");
  record.ended_at = fields.String("at");
  record.pods = fields.Integer("pods");
  RETURN_IF_ERROR(fields.status());
  ASSIGN_OR_RETURN(record.state, StateNamed(state));
  record.why = document["why"].StringOrEmpty();
  if (const std::optional<int64_t> code = document["code"].integer()) {
    record.code = static_cast<int>(*code);
  }
  TakeMachineLine(document["line"].StringOrEmpty(), record);
  return record;
}

}  // namespace prepull
