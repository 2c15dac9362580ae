#include "src/cli/new_run.h"

#include <set>

#include "prepull/base/random.h"
#include "prepull/base/text.h"
#include "prepull/report/run_document.h"

namespace prepull {
namespace {

// Returns the images that earlier runs left unusable, from the last status
// file.
std::set<std::string> UnusableOf(const std::string& path,
                                 const CommandContext& context) {
  const absl::StatusOr<FileKind> kind = context.files.KindOf(path);
  if (!kind.ok() || *kind != FileKind::kFile) return {};  // none, most likely
  const absl::StatusOr<std::string> text =
      context.files.ReadFile(path, kMaxDocumentBytes);
  if (!text.ok()) return {};
  const absl::StatusOr<ReadRun> last = ParseRunDocument(*text);
  return last.ok() ? last->run.not_usable() : std::set<std::string>();
}

}  // namespace

Run NewRun(const FetchOptions& options, const std::string& status_file,
           const CommandContext& context) {
  std::string node = options.node;
  if (node.empty()) node = FromEnvironment(context.host, "NODE_NAME");
  if (node.empty()) node = context.host.HostName();
  Run run({.id = RandomHex(16),
           .node = Printable(node, 256),
           .instance =
               Printable(FromEnvironment(context.host, "INSTANCE_NAME"), 256),
           .started_at = context.clock.WallNow() -
                         (context.clock.Now() - context.started),
           .start = context.started,
           .overall_timeout = options.overall_timeout});
  for (const std::string& name : UnusableOf(status_file, context)) {
    run.MarkNotUsable(name);
  }
  return run;
}

}  // namespace prepull
