#include "src/cli/node_label_flags.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/label.h"
#include "prepull/base/log.h"
#include "prepull/base/random.h"
#include "prepull/base/status_macros.h"

namespace prepull {

void AddNodeLabelFlags(Command& command, NodeLabelOptions& options) {
  command.Custom(
      {.name = "--node-label",
       .value = "KEY[=SUCCEEDED[,FAILED[,INCOMPLETE]]]",
       .text = "at the end label the Node through the API server: succeeded, "
               "failed or incomplete (can be continued), or these values; KEY "
               "auto is image-prefetcher's, with INSTANCE_NAME; changes no "
               "exit code"},
      [&options](const std::string& text) -> absl::Status {
        ASSIGN_OR_RETURN(options.label, ParseNodeLabel(text));
        return absl::OkStatus();
      });
  command.Text({.name = "--service-account-dir",
                .value = "DIR",
                .text = "where the token and ca.crt for that are; the token "
                        "is read anew for each try",
                .fallback = options.service_account_dir,
                .is_path = true},
               options.service_account_dir);
}

void NodeMarker::Begin(const Run& run) {
  if (!options_.label) return;
  absl::StatusOr<ApiServer> server = FindApiServer(context_.host);
  if (!server.ok()) {
    Log(LogLevel::kWarn, "no API server: the node gets no label",
        {{"error", server.status().message()}});
    return;
  }
  if (!IsDnsSubdomain(run.node)) {
    Log(LogLevel::kWarn, "no name of a Node: it gets no label",
        {{"node", run.node}});
    return;
  }
  server->service_account_dir = options_.service_account_dir;
  server_ = *std::move(server);
  key_ = options_.label->key;
  if (key_ != kAutoLabelKey) return;
  const std::string instance = FromEnvironment(context_.host, "INSTANCE_NAME");
  key_ = AutoLabelKey(instance);
  if (!instance.empty()) return;
  Log(LogLevel::kWarn,
      "INSTANCE_NAME is not set: other lists use this label too",
      {{"key", key_}});
}

void NodeMarker::End(const Run& run) const {
  if (!server_) return;
  const NodeLabelPatch patch = {
      .node = run.node,
      .key = key_,
      .value = ValueAfter(*options_.label, *run.exit_code)};
  const std::unique_ptr<HttpClient> http =
      MakeHttpClient(context_.files, context_.clock);
  const absl::Status status = LabelNode(patch, *server_,
                                        {.http = *http,
                                         .files = context_.files,
                                         .clock = context_.clock,
                                         .roll_dice = SystemDice()},
                                        context_.stop);
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
