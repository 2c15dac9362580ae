// prepull check: is every image of a list on this node?
#include <memory>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/log.h"
#include "prepull/base/random.h"
#include "prepull/base/text.h"
#include "prepull/node/inventory.h"
#include "prepull/node/node_listing.h"
#include "prepull/pull/engine.h"
#include "prepull/report/lines.h"
#include "prepull/runtime/connect.h"
#include "prepull/source/image_list.h"
#include "src/cli/commands.h"
#include "src/cli/shared_flags.h"

namespace prepull {
namespace {

// For the runtime to list its images.
constexpr absl::Duration kInventoryTimeout = absl::Minutes(1);

CommandDoc CheckDoc() {
  return {.name = "check",
          .summary = "report which images of a list are missing on this node",
          .about =
              "Compares a list with the images on this node and pulls "
              "nothing. Prints a line\nfor each missing image.",
          .examples = {"prepull check --image-list-file images.txt",
                       "prepull check -o name quay.io/team/app:1.2"},
          .exit_codes = {"0  every image is on the node",
                         "1  some image is missing",
                         "2  bad flags, unreadable or empty list",
                         "3  interrupted, or out of time",
                         "4  the runtime cannot be reached"},
          .positional = "[IMAGE...]",
          .positional_text = "images, in addition to those of the lists",
          .main_flags = {"--image-list-file", "--rewrite", "--cri-socket",
                         "--overall-timeout", "--docker-config", "--output",
                         "--quiet", "--verbose"},
          .more_help =
              "Images from registries (--release, --catalog, --select): "
              "'prepull help sources'.\n"};
}

struct MissingImage {
  const ImageRequest* request;
  std::string why;
};

std::vector<MissingImage> FindMissing(const std::vector<ImageRequest>& requests,
                                      const Inventory& inventory) {
  std::vector<MissingImage> missing;
  for (const ImageRequest& request : requests) {
    if (!request.reference.ok()) {
      missing.push_back(
          {&request, std::string(request.reference.status().message())});
    } else if (inventory.Find(*request.reference) == nullptr) {
      missing.push_back({&request, "not on the node"});
    }
  }
  return missing;
}

std::string CheckDocument(size_t total,
                          const std::vector<MissingImage>& missing) {
  JsonWriter json;
  json.OpenObject().String("schema", "prepull.check/v1");
  json.Integer("total", static_cast<int64_t>(total));
  json.Integer("present", static_cast<int64_t>(total - missing.size()));
  json.OpenArray("missing");
  for (const MissingImage& each : missing) {
    json.OpenObject()
        .String("image", each.request->image)
        .String("origin", each.request->origin)
        .String("why", each.why)
        .CloseObject();
  }
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

std::string Names(const std::vector<MissingImage>& missing) {
  std::string names;
  for (const MissingImage& each : missing) {
    absl::StrAppend(&names, each.request->image, "\n");
  }
  return names;
}

std::string Lines(size_t total, const std::vector<MissingImage>& missing) {
  std::string lines;
  for (const MissingImage& each : missing) {
    absl::StrAppend(&lines, "missing  ", each.request->image);
    // "missing" says already that it is not on the node.
    if (!each.request->reference.ok()) absl::StrAppend(&lines, "  ", each.why);
    absl::StrAppend(&lines, "\n");
  }
  return absl::StrCat(lines, total - missing.size(), " of ",
                      Counted(static_cast<int64_t>(total), "image"),
                      " present\n");
}

class CheckCommand : public CommandProgram {
 public:
  CheckCommand() : CommandProgram(CheckDoc()) {
    AddListFlags(command(), list_);
    command().Group("How");
    AddSocketFlag(command(), cri_socket_);
    command().Duration({.name = "--overall-timeout",
                        .value = "D",
                        .text = "limit for reading the list; a registry that "
                                "is unavailable is asked again until then",
                        .fallback = "20m"},
                       overall_timeout_);
    AddHostRootFlag(command(), list_.registry.host_root);
    AddSourceFlags(command(), list_);
    AddCredentialFlags(command(), list_.credentials);
    command().Group("Output");
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "missing images as table, json or name",
                      .fallback = "table"},
                     {"table", "json", "name"}, output_);
    AddLoggingFlags(command(), logging_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartLogging(logging_, context, /*hides_info=*/true);
    const auto sockets = RuntimeSockets::Parse(cri_socket_, context.host);
    if (!sockets.ok()) return Failed(ExitCode::kBadInput, sockets.status());
    const auto list =
        ReadImages(list_, {.host = context.host,
                           .files = context.files,
                           .clock = context.clock,
                           .stop = context.stop,
                           .deadline = context.started + overall_timeout_});
    if (!list.ok()) {
      return Failed(
          IsOutOfTime(list.status()) ? ExitCode::kStopped : ExitCode::kBadInput,
          list.status());
    }
    const auto found = sockets->Connect(context.clock, context.stop);
    if (!found.ok()) {
      CommandEnd end = Failed(ExitCode::kNoRuntime, found.status());
      end.error += sockets->Hint();
      return end;
    }
    // Reading the list has its own limit.
    const class Run run(
        {.start = context.clock.Now(), .overall_timeout = kInventoryTimeout});
    RunObserver silent;
    const auto inventory = GetInventory({.runtime = *found->runtime,
                                         .clock = context.clock,
                                         .roll_dice = SystemDice(),
                                         .observer = silent},
                                        context.stop, run);
    if (!inventory.ok())
      return Failed(ExitCode::kNoRuntime, inventory.status());
    return Report(list->requests, FindMissing(list->requests, *inventory),
                  context);
  }

 private:
  CommandEnd Report(const std::vector<ImageRequest>& requests,
                    const std::vector<MissingImage>& missing,
                    const CommandContext& context) const {
    if (output_ == "json") {
      context.console.PrintJson(CheckDocument(requests.size(), missing));
    } else if (output_ == "name") {
      context.console.PrintOut(Names(missing));
    } else {
      context.console.PrintOut(Lines(requests.size(), missing));
    }
    return {missing.empty() ? ExitCode::kOk : ExitCode::kImagesFailed};
  }

  ListInputs list_;
  std::string cri_socket_;
  absl::Duration overall_timeout_ = absl::Minutes(20);
  std::string output_ = "table";
  LoggingOptions logging_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeCheckCommand() {
  return std::make_unique<CheckCommand>();
}

}  // namespace prepull
