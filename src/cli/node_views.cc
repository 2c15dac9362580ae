#include "src/cli/node_views.h"

#include <utility>

#include "prepull/base/log.h"
#include "prepull/runtime/runtime_version.h"

namespace prepull {
namespace {

// Null where they cannot be seen.
std::unique_ptr<Connections> SeenConnections(const std::string& socket) {
  absl::StatusOr<std::unique_ptr<Connections>> opened = OpenConnections(socket);
  if (opened.ok()) return *std::move(opened);
  Log(LogLevel::kInfo,
      "the runtime's connections are not watched, so a stuck download costs a "
      "new attempt",
      {{"missing", opened.status().message()}});
  return nullptr;
}

// The same of the folders that CRI-O downloads into.
std::unique_ptr<PullFolders> SeenFolders(FileSystem& files,
                                         const std::string& host_root) {
  absl::StatusOr<std::unique_ptr<PullFolders>> opened =
      OpenPullFolders(files, host_root);
  if (opened.ok()) return *std::move(opened);
  Log(LogLevel::kDebug, "bytes under way are not known",
      {{"error", opened.status().message()}});
  return nullptr;
}

}  // namespace

NodeViews::NodeViews(const CommandContext& context,
                     const std::string& host_root, const std::string& images,
                     const PullOptions& pull, const RuntimeFacts& runtime) {
  if (pull.layer_order && !images.empty()) {
    committed_layers_ = FindCommittedLayers(context.files, host_root, images);
  }
  if (pull.stall_timeout == absl::ZeroDuration()) return;
  if (pull.watch_connections) connections_ = SeenConnections(runtime.socket);
  if (!SharesDownloads(runtime.name)) {
    pull_folders_ = SeenFolders(context.files, host_root);
  }
}

void NodeViews::Enter(RunContext& run) const {
  run.committed_layers = committed_layers_.get();
  run.connections = connections_.get();
  run.pull_folders = pull_folders_.get();
}

}  // namespace prepull
