#include "prepull/kube/node_labeler.h"

#include "prepull/base/json_writer.h"
#include "prepull/base/label.h"
#include "prepull/base/log.h"
#include "prepull/base/random.h"
#include "prepull/kube/kube_client.h"

namespace prepull {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
// A pod that was told to stop has 5 s, and the run's own end takes up to 2.
constexpr absl::Duration kTimeoutWhenStopped = absl::Seconds(2);

std::string LabelPatch(const std::string& key, const std::string& value) {
  JsonWriter json;
  json.OpenObject().OpenObject("metadata").OpenObject("labels");
  json.String(key, value);
  json.CloseObject().CloseObject().CloseObject();
  return json.Take();
}

}  // namespace

NodeLabeler::NodeLabeler(const NodeLabelOptions& options, const Seams& seams)
    : options_(options), seams_(seams) {}

void NodeLabeler::Start(const Run& run) {
  if (!options_.label) return;
  const absl::StatusOr<ApiServer> server =
      FindApiServer(seams_.host, options_.service_account_dir);
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
  const std::string value = ValueAfter(*options_.label, *run.exit_code());
  KubeClient client(ServerForAccount(server_url_, options_.service_account_dir),
                    {.http = seams_.http,
                     .files = seams_.files,
                     .clock = seams_.clock,
                     .roll_dice = SystemDice()});
  const absl::Status status = client.MergePatch(
      {.resource = "nodes",
       .name = run.node(),
       .if_missing = "--node or NODE_NAME must be the Node's name"},
      LabelPatch(key_, value),
      {.purpose = "node label",
       .until = seams_.clock.Now() + kTimeout,
       .stop = stop,
       .after_stop = kTimeoutWhenStopped});
  if (status.ok()) {
    Log(LogLevel::kInfo, "node labelled",
        {{"node", run.node()}, {"key", key_}, {"value", value}});
  } else {
    Log(LogLevel::kWarn, "node not labelled",
        {{"node", run.node()},
         {"key", key_},
         {"value", value},
         {"error", status.message()}});
  }
}

}  // namespace prepull
