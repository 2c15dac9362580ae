// prepull resolve: prints the list of images that sources name.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/table.h"
#include "prepull/list/list_file.h"
#include "prepull/source/image_list.h"
#include "src/cli/commands.h"
#include "src/cli/shared_flags.h"

namespace prepull {
namespace {

CommandDoc ResolveDoc() {
  return {
      .name = "resolve",
      .summary = "print the list of images that sources name",
      .about =
          "Asks registries for the images of releases, catalogues and tag "
          "rules, adds those\nof lists, and prints all. Pulls nothing and "
          "needs no runtime.",
      .examples = {"prepull resolve --release quay.io/ocp/release:4.15 "
                   "-o name > images.txt",
                   "prepull resolve --digests --select "
                   "'quay.io/team/app semver:~1.2 newest:3'"},
      .exit_codes = {"0  printed",
                     "2  bad flags, an unreadable list or source, or an empty "
                     "list",
                     "3  interrupted, or out of time"},
      .positional = "[IMAGE...]",
      .positional_text = "images, in addition to those of the sources"};
}

std::string ListTable(const std::vector<ImageRequest>& requests,
                      bool with_header) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(requests.size());
  for (const ImageRequest& request : requests) {
    rows.push_back({request.reference->text(), request.origin});
  }
  return Table({"IMAGE", "ORIGIN"}, rows, with_header);
}

std::string List(const std::vector<ImageRequest>& requests) {
  std::string list;
  for (const ImageRequest& request : requests) {
    absl::StrAppend(&list, ListLine(request), "\n");
  }
  return list;
}

std::string ResolveDocument(const std::vector<ImageRequest>& requests) {
  JsonWriter json;
  json.OpenObject().String("schema", "prepull.list/v1");
  json.OpenArray("images");
  for (const ImageRequest& request : requests) {
    json.OpenObject()
        .String("image", request.reference->text())
        .String("origin", request.origin)
        .String("line", ListLine(request))
        .CloseObject();
  }
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

class ResolveCommand : public CommandProgram {
 public:
  ResolveCommand() : CommandProgram(ResolveDoc()) {
    AddListFlags(command(), list_);
    AddSourceFlags(command(), list_);
    command().Group("How");
    command().Duration({.name = "--overall-timeout",
                        .value = "D",
                        .text = "limit for all of it; a registry that is "
                                "unavailable is asked again until then",
                        .fallback = "20m"},
                       overall_timeout_);
    AddHostRootFlag(command(), list_.registry.host_root);
    AddCredentialFlags(command(), list_.credentials);
    command().Group("Output");
    command().Switch({.name = "--digests",
                      .text = "append the current digest to each tag, so that "
                              "the list means the same everywhere"},
                     list_.resolve_digests);
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "list as table (with origins), json or name (a "
                              "list for fetch --image-list-file)",
                      .fallback = "table"},
                     {"table", "json", "name"}, output_);
    command().Switch(
        {.name = "--no-headers", .text = "leave out the table's header"},
        no_headers_);
    AddLoggingFlags(command(), logging_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartLogging(logging_, context, /*hides_info=*/true);
    list_.is_strict = true;
    const absl::StatusOr<ImageList> list =
        ReadImages(list_, {.host = context.host,
                           .files = context.files,
                           .clock = context.clock,
                           .stop = context.stop,
                           .deadline = context.started + overall_timeout_});
    if (!list.ok()) {
      return {
          IsOutOfTime(list.status()) ? ExitCode::kStopped : ExitCode::kBadInput,
          std::string(list.status().message())};
    }
    Print(list->requests, context);
    return {};
  }

 private:
  void Print(const std::vector<ImageRequest>& requests,
             const CommandContext& context) const {
    if (output_ == "json") {
      context.console.PrintJson(ResolveDocument(requests));
    } else {
      context.console.PrintOut(output_ == "name"
                                   ? List(requests)
                                   : ListTable(requests, !no_headers_));
    }
  }

  ListInputs list_;
  absl::Duration overall_timeout_ = absl::Minutes(20);
  std::string output_ = "table";
  bool no_headers_ = false;
  LoggingOptions logging_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeResolveCommand() {
  return std::make_unique<ResolveCommand>();
}

}  // namespace prepull
