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
#include "src/cli/commands.h"
#include "src/cli/credential_flags.h"
#include "src/cli/image_arguments.h"
#include "src/cli/print_json.h"

namespace prepull {
namespace {

// For the runtime to say what it holds.
constexpr absl::Duration kCheckTimeout = absl::Minutes(1);

CommandDoc CheckDoc() {
  return {.name = "check",
          .summary = "say which images of a list are missing on this node",
          .about =
              "Compares a list with what is on this node and pulls "
              "nothing. Prints a line for\neach image that is missing.",
          .examples = {"prepull check --image-list-file images.txt",
                       "prepull check -o name quay.io/team/app:1.2"},
          .exit_codes = {"0  every image is on the node",
                         "1  some image is missing",
                         "2  bad flags, unreadable or empty list",
                         "3  interrupted, or out of time",
                         "4  the runtime cannot be reached"},
          .positional = "[IMAGE...]",
          .positional_text = "images, besides those of the lists",
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
    // That it is not on the node is said already.
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
    AddImageArguments(command(), images_);
    command().Duration({.name = "--overall-timeout",
                        .value = "D",
                        .text = "how long it may take to get the list; a "
                                "registry that is away is asked again until "
                                "then",
                        .fallback = "20m"},
                       overall_timeout_);
    AddSourceFlags(command(), images_.sources);
    AddCredentialFlags(command(), images_.sources.credentials);
    command().Group("Output");
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "what is missing as table, json or name",
                      .fallback = "table"},
                     {"table", "json", "name"}, output_);
    AddTalkFlags(command(), talk_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartTalk(talk_, context, /*to_people=*/true);
    const auto sockets = SocketsToTry(images_, context.host);
    if (!sockets.ok()) return Failed(ExitCode::kBadInput, sockets.status());
    const auto list =
        ReadImages(images_, context, context.started + overall_timeout_);
    if (!list.ok()) {
      return Failed(
          IsOutOfTime(list.status()) ? ExitCode::kStopped : ExitCode::kBadInput,
          list.status());
    }
    WarnOfUnused(*list);
    const auto found = Connect(*sockets, context);
    if (!found.ok()) {
      CommandEnd end = Failed(ExitCode::kNoRuntime, found.status());
      end.error += SocketHint(images_, context.host);
      return end;
    }
    // The list has had its own time.
    const struct Run run = {.start = context.clock.Now(),
                            .overall_timeout = kCheckTimeout};
    RunObserver nobody;
    const auto inventory = TakeInventory({.runtime = *found->runtime,
                                          .clock = context.clock,
                                          .roll_dice = SystemDice(),
                                          .observer = nobody},
                                         context.stop, run);
    if (!inventory.ok())
      return Failed(ExitCode::kNoRuntime, inventory.status());
    return Report(list->requests, FindMissing(list->requests, *inventory),
                  context);
  }

 private:
  static CommandEnd Failed(ExitCode code, const absl::Status& why) {
    if (why.code() == absl::StatusCode::kCancelled) code = ExitCode::kStopped;
    return {code, std::string(why.message())};
  }

  CommandEnd Report(const std::vector<ImageRequest>& requests,
                    const std::vector<MissingImage>& missing,
                    const CommandContext& context) const {
    if (output_ == "json") {
      PrintJson(CheckDocument(requests.size(), missing), context);
    } else if (output_ == "name") {
      context.console.PrintOut(Names(missing));
    } else {
      context.console.PrintOut(Lines(requests.size(), missing));
    }
    return {missing.empty() ? ExitCode::kOk : ExitCode::kImagesFailed};
  }

  ImageArguments images_;
  absl::Duration overall_timeout_ = absl::Minutes(20);
  std::string output_ = "table";
  TalkOptions talk_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeCheckCommand() {
  return std::make_unique<CheckCommand>();
}

}  // namespace prepull
