// prepull unpin: removes the pins of fetch --pin from images.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/random.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/node/node_listing.h"
#include "prepull/pin/unpin.h"
#include "prepull/pull/engine.h"
#include "prepull/report/run_document.h"
#include "prepull/runtime/connect.h"
#include "prepull/source/image_list.h"
#include "src/cli/commands.h"
#include "src/cli/shared_flags.h"

namespace prepull {
namespace {

constexpr absl::Duration kUnpinTimeout = absl::Minutes(1);
constexpr absl::Duration kUnpinCallTimeout = absl::Seconds(10);

CommandDoc UnpinDoc() {
  return {
      .name = "unpin",
      .summary = "remove the pins of fetch --pin from images on this node",
      .about =
          "Removes the pins of fetch --pin, under all names of an image, and "
          "no others.\nPrints a line for each unpinned image; removes no "
          "image.",
      .examples = {"prepull unpin quay.io/team/app:1.2",
                   "prepull unpin --image-list-file images.txt",
                   "prepull unpin --not-in-list --image-list-file images.txt",
                   "prepull unpin --from-status status.json"},
      .exit_codes =
          {"0  the images are unpinned, or were not pinned by prepull",
           "1  an image is still pinned, or the runtime has no pins (CRI-O)",
           "2  bad flags, no images, unreadable or empty list",
           "3  interrupted", "4  the runtime cannot be reached"},
      .positional = "[IMAGE...]",
      .positional_text = "images, in addition to those of the lists"};
}

// The result for one image.
struct Unpinned {
  HeldPin pin;
  std::string error = "";  // why it is still pinned
};

int64_t CountUnpinned(const std::vector<Unpinned>& results) {
  return std::count_if(
      results.begin(), results.end(),
      [](const Unpinned& result) { return result.error.empty(); });
}

std::string UnpinDocument(const std::vector<Unpinned>& results) {
  JsonWriter json;
  json.OpenObject().String("schema", "prepull.unpin/v1").OpenArray("unpinned");
  for (const Unpinned& result : results) {
    if (!result.error.empty()) continue;
    json.OpenObject().String("image", result.pin.image).OpenArray("records");
    for (const std::string& record : result.pin.records) {
      json.String("", record);
    }
    json.CloseArray().CloseObject();
  }
  json.CloseArray().OpenArray("failed");
  for (const Unpinned& result : results) {
    if (result.error.empty()) continue;
    json.OpenObject()
        .String("image", result.pin.image)
        .String("message", result.error)
        .CloseObject();
  }
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

std::string Names(const std::vector<Unpinned>& results) {
  std::string names;
  for (const Unpinned& result : results) {
    if (result.error.empty()) absl::StrAppend(&names, result.pin.image, "\n");
  }
  return names;
}

std::string Lines(const std::vector<Unpinned>& results) {
  std::string lines;
  for (const Unpinned& result : results) {
    if (result.error.empty()) {
      absl::StrAppend(&lines, "unpinned  ", result.pin.image, "\n");
    } else {
      absl::StrAppend(&lines, "failed    ", result.pin.image, "  ",
                      result.error, "\n");
    }
  }
  if (results.empty()) return "no pins of prepull found\n";
  const int64_t total = static_cast<int64_t>(results.size());
  const int64_t unpinned = CountUnpinned(results);
  if (unpinned < total) absl::StrAppend(&lines, unpinned, " of ");
  return absl::StrCat(lines, Counted(total, "image"), " unpinned\n");
}

// The runtime's message on one line and bounded.
absl::Status OnOneLine(const absl::Status& error) {
  return WithMessage(error, Printable(error.message(), 1024));
}

class UnpinCommand : public CommandProgram {
 public:
  UnpinCommand() : CommandProgram(UnpinDoc()) {
    command().Group("What");
    command().Switch({.name = "--not-in-list",
                      .text = "unpin every image that prepull has pinned and "
                              "that is not on the list, e.g. of an older "
                              "list"},
                     not_in_list_);
    command().Text({.name = "--from-status",
                    .value = "PATH",
                    .text = "status file of a run of fetch: unpin its images; "
                            "no file means no images",
                    .is_path = true},
                   status_file_);
    AddListFlags(command(), list_);
    command().Group("How");
    AddSocketFlag(command(), cri_socket_);
    command().Group("Output");
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "unpinned images as table, json or name",
                      .fallback = "table"},
                     {"table", "json", "name"}, output_);
    AddLoggingFlags(command(), logging_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartLogging(logging_, context, /*hides_info=*/true);
    if (not_in_list_ && list_.list_files.empty()) {
      return {ExitCode::kBadInput,
              "--not-in-list: give the list to keep as --image-list-file"};
    }
    if (!status_file_.empty()) {
      const absl::Status read = AddImagesOfRun(context);
      if (!read.ok()) return Failed(ExitCode::kBadInput, read);
      if (list_.images.empty() && list_.list_files.empty()) {
        Print({}, context);
        return {};
      }
    }
    const auto sockets = RuntimeSockets::Parse(cri_socket_, context.host);
    if (!sockets.ok()) return Failed(ExitCode::kBadInput, sockets.status());
    // With a misspelt line the image that it means would be unpinned.
    list_.is_strict = not_in_list_;
    const auto list = ReadImages(list_, {.host = context.host,
                                         .files = context.files,
                                         .clock = context.clock,
                                         .stop = context.stop});
    if (!list.ok()) return Failed(ExitCode::kBadInput, list.status());
    const auto found = sockets->Connect(context.clock, context.stop);
    if (!found.ok()) {
      CommandEnd end = Failed(ExitCode::kNoRuntime, found.status());
      end.error += sockets->Hint();
      return end;
    }
    return UnpinList(list->requests, *found, context);
  }

 private:
  absl::Status AddImagesOfRun(const CommandContext& context) {
    if (not_in_list_) {
      return absl::InvalidArgumentError(
          "--from-status: its images are unpinned, so not with --not-in-list");
    }
    const absl::StatusOr<std::string> text =
        context.files.ReadFile(status_file_, kMaxDocumentBytes);
    if (absl::IsNotFound(text.status())) return absl::OkStatus();
    RETURN_IF_ERROR(text.status());
    const absl::StatusOr<ReadRun> read = ParseRunDocument(*text);
    RETURN_IF_ERROR(
        Annotate(read.status(), absl::StrCat("status file ", status_file_)));
    for (const ImageOutcome& image : read->run.images()) {
      // Nobody could pin a malformed line.
      if (image.reason == Reason::kInvalidReference) continue;
      list_.images.push_back(image.pulled_as.empty() ? image.image
                                                     : image.pulled_as);
    }
    return absl::OkStatus();
  }

  CommandEnd UnpinList(const std::vector<ImageRequest>& requests,
                       const FoundRuntime& found,
                       const CommandContext& context) {
    // Reading the list has its own limit.
    const class Run run(
        {.start = context.clock.Now(), .overall_timeout = kUnpinTimeout});
    RunObserver silent;
    const auto node = GetInventory({.runtime = *found.runtime,
                                    .clock = context.clock,
                                    .roll_dice = SystemDice(),
                                    .observer = silent},
                                   context.stop, run);
    if (!node.ok()) {
      return Failed(ExitCode::kNoRuntime, OnOneLine(node.status()));
    }
    ImageRecords* records = found.runtime->image_records();
    if (records == nullptr) {
      return Unanswered(absl::UnimplementedError(""), found.version);
    }
    const auto pinned = OurPins(*records, {kUnpinCallTimeout, context.stop});
    if (!pinned.ok()) return Unanswered(pinned.status(), found.version);
    std::vector<Unpinned> results;
    const absl::Status asked =
        UnpinAll(not_in_list_ ? PinsNotIn(requests, *node, *pinned)
                              : PinsOf(requests, *node, *pinned),
                 *records, context.stop, results);
    AddMalformed(requests, results);
    Print(results, context);
    if (!asked.ok()) return Failed(ExitCode::kNoRuntime, OnOneLine(asked));
    const int64_t failed =
        static_cast<int64_t>(results.size()) - CountUnpinned(results);
    if (failed == 0) return {};
    return {ExitCode::kImagesFailed,
            absl::StrCat(Counted(failed, "image"), " could not be unpinned")};
  }

  // Errors: IsUnreachable. Those of one image are in `results`.
  static absl::Status UnpinAll(std::vector<HeldPin> pins, ImageRecords& records,
                               const std::stop_token& stop,
                               std::vector<Unpinned>& results) {
    for (HeldPin& pin : pins) {
      Unpinned& result = results.emplace_back(Unpinned{std::move(pin)});
      for (const std::string& record : result.pin.records) {
        absl::Status unpinned =
            Unpin(records, record, {kUnpinCallTimeout, stop});
        if (unpinned.ok()) continue;
        result.error = Printable(unpinned.message(), 1024);
        if (IsUnreachable(unpinned)) return unpinned;
      }
    }
    return absl::OkStatus();
  }

  static CommandEnd Unanswered(const absl::Status& why,
                               const RuntimeVersion& runtime) {
    if (why.code() != absl::StatusCode::kUnimplemented) {
      return Failed(ExitCode::kNoRuntime, OnOneLine(why));
    }
    return {ExitCode::kImagesFailed,
            absl::StrCat(
                Printable(runtime.name, 128),
                ": pins are not supported over the socket of this runtime"
                "\nhint: CRI-O has pinned_images in /etc/crio/crio.conf.d")};
  }

  static void AddMalformed(const std::vector<ImageRequest>& requests,
                           std::vector<Unpinned>& results) {
    for (const ImageRequest& request : requests) {
      if (request.reference.ok()) continue;
      results.push_back({{.image = request.image, .records = {}},
                         std::string(request.reference.status().message())});
    }
  }

  void Print(const std::vector<Unpinned>& results,
             const CommandContext& context) const {
    if (output_ == "json") {
      context.console.PrintJson(UnpinDocument(results));
    } else if (output_ == "name") {
      context.console.PrintOut(Names(results));
    } else {
      context.console.PrintOut(Lines(results));
    }
  }

  ListInputs list_;
  std::string cri_socket_;
  std::string status_file_;
  bool not_in_list_ = false;
  std::string output_ = "table";
  LoggingOptions logging_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeUnpinCommand() {
  return std::make_unique<UnpinCommand>();
}

}  // namespace prepull
