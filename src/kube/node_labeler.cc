#include "prepull/kube/node_labeler.h"

#include <memory>

#include "prepull/base/label.h"
#include "prepull/base/log.h"
#include "prepull/base/random.h"
#include "prepull/http/http_client.h"
#include "src/kube/node_patch.h"

namespace prepull {

NodeLabeler::NodeLabeler(const NodeLabelOptions& options, const Seams& seams)
    : options_(options), seams_(seams) {}

void NodeLabeler::Start(const Run& run) {
  if (!options_.label) return;
  const absl::StatusOr<ApiServer> server = FindApiServer(seams_.host);
  if (!server.ok()) {
    Log(LogLevel::kWarn, "no API server: the node gets no label",
        {{"error", server.status().message()}});
    return;
  }
  if (!IsDnsSubdomain(run.node())) {
    Log(LogLevel::kWarn, "no name of a Node: it gets no label",
        {{"node", run.node()}});
    return;
  }
  server_url_ = server->url;
  key_ = options_.label->key;
  if (key_ != kAutoLabelKey) return;
  const std::string instance =
      seams_.host.Environment("INSTANCE_NAME").value_or("");
  key_ = AutoLabelKey(instance);
  if (!instance.empty()) return;
  Log(LogLevel::kWarn,
      "INSTANCE_NAME is not set: other lists use this label too",
      {{"key", key_}});
}

void NodeLabeler::Finish(const Run& run, const std::stop_token& stop) const {
  if (server_url_.empty()) return;
  const NodeLabelPatch patch = {
      .node = run.node(),
      .key = key_,
      .value = ValueAfter(*options_.label, *run.exit_code())};
  const std::unique_ptr<HttpClient> http =
      MakeHttpClient(seams_.files, seams_.clock);
  const absl::Status status = PatchNodeLabel(
      patch,
      {.url = server_url_, .service_account_dir = options_.service_account_dir},
      {.http = *http,
       .files = seams_.files,
       .clock = seams_.clock,
       .roll_dice = SystemDice()},
      stop);
  if (status.ok()) {
    Log(LogLevel::kInfo, "node labelled",
        {{"node", patch.node}, {"key", patch.key}, {"value", patch.value}});
  } else {
    Log(LogLevel::kWarn, "node not labelled",
        {{"node", patch.node},
         {"key", patch.key},
         {"value", patch.value},
         {"error", status.message()}});
  }
}

}  // namespace prepull
