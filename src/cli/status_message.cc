#include "src/cli/status_message.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/list/list_hash.h"
#include "prepull/report/machine_line.h"
#include "prepull/report/message_view.h"

namespace prepull {
namespace {

// The kubelet keeps 4 KiB; who saves more of a log may still be read.
constexpr int64_t kMaxMessageBytes = 1 << 20;

absl::StatusOr<std::string> ReadMessage(const std::string& path,
                                        const CommandContext& context) {
  if (path == "-") {
    return context.host.ReadInput(kMaxMessageBytes, Instant::Never(),
                                  context.stop);
  }
  return context.files.ReadFile(path, kMaxMessageBytes);
}

absl::Status CheckHash(const MachineResult& result, const ImageList& list) {
  const std::string hash = ListHash(list.requests);
  if (hash != *result.list_hash) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the message is of list ", *result.list_hash, ", this one is ", hash,
        ": give the list of that run, with its --rewrite"));
  }
  if (std::cmp_equal(result.counts.all(), list.requests.size())) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("machine line: n: ", result.counts.all(),
                   " images, but the list has ", list.requests.size()));
}

// The names that the places in `result` stand for.
absl::StatusOr<ImageNames> NamesOf(const MachineResult& result,
                                   const StatusMessageOptions& options,
                                   const CommandContext& context) {
  if (!result.list_hash) return ImageNames();
  if (options.list.list_files.empty()) {
    return absl::InvalidArgumentError(
        "a message names images by their places in the list: give "
        "--image-list-file");
  }
  ASSIGN_OR_RETURN(const ImageList list,
                   ReadImages(options.list, {.host = context.host,
                                             .files = context.files,
                                             .clock = context.clock,
                                             .stop = context.stop}));
  RETURN_IF_ERROR(CheckHash(result, list));
  ImageNames names;
  names.reserve(list.requests.size());
  for (const ImageRequest& request : list.requests) {
    names.push_back(request.image);
  }
  return names;
}

bool AreBothInput(const StatusMessageOptions& options) {
  const std::vector<std::string>& lists = options.list.list_files;
  return options.path == "-" &&
         std::find(lists.begin(), lists.end(), "-") != lists.end();
}

}  // namespace

CommandEnd ShowStatusMessage(const StatusMessageOptions& options,
                             const StatusView& view,
                             const CommandContext& context) {
  if (AreBothInput(options)) {
    return {ExitCode::kBadInput,
            "--from-message and --image-list-file cannot both be -"};
  }
  const absl::StatusOr<std::string> text = ReadMessage(options.path, context);
  if (!text.ok()) {
    return Failed(ExitCode::kBadInput, Annotate(text.status(), "message"));
  }
  const absl::StatusOr<MachineResult> result = ParseMachineLine(*text);
  if (!result.ok()) {
    return Failed(
        ExitCode::kBadInput,
        Annotate(result.status(), absl::StrCat("message ", options.path)));
  }
  const absl::StatusOr<ImageNames> names = NamesOf(*result, options, context);
  if (!names.ok()) return Failed(ExitCode::kBadInput, names.status());
  if (view.output == "json") {
    context.console.PrintJson(MessageDocument(*result, *names));
  } else if (view.output == "table") {
    context.console.PrintOut(MessageTable(*result, *names, !view.no_headers));
  } else if (result->states) {
    context.console.PrintOut(PresentNames(*result, *names));
  } else if (result->list_hash) {
    return {ExitCode::kBadInput,
            "the states of the images had no room in the message"};
  }
  return {result->code};
}

}  // namespace prepull
