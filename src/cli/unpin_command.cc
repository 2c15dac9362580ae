// prepull unpin: lets go of images that fetch --pin keeps on this node.
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
#include "src/cli/commands.h"
#include "src/cli/image_arguments.h"
#include "src/cli/print_json.h"

namespace prepull {
namespace {

constexpr absl::Duration kUnpinTimeout = absl::Minutes(1);
constexpr absl::Duration kUnpinCallTimeout = absl::Seconds(10);

CommandDoc UnpinDoc() {
  return {
      .name = "unpin",
      .summary = "let go of images that fetch --pin keeps on this node",
      .about =
          "Takes back the pins of fetch --pin, under all names of an image, "
          "and no others.\nPrints a line for each image that is freed; removes "
          "no image.",
      .examples = {"prepull unpin quay.io/team/app:1.2",
                   "prepull unpin --image-list-file images.txt",
                   "prepull unpin --not-in-list --image-list-file images.txt"},
      .exit_codes =
          {"0  what prepull had pinned is free, or it had pinned nothing",
           "1  an image could not be freed, or there are no such pins (CRI-O)",
           "2  bad flags, no images, unreadable or empty list",
           "3  interrupted", "4  the runtime cannot be reached"},
      .positional = "[IMAGE...]",
      .positional_text = "images, besides those of the lists"};
}

// What became of one image's pin.
struct Freeing {
  HeldPin pin;
  std::string error = "";  // why it is pinned still
};

int64_t CountFreed(const std::vector<Freeing>& freeings) {
  return std::count_if(
      freeings.begin(), freeings.end(),
      [](const Freeing& freeing) { return freeing.error.empty(); });
}

std::string UnpinDocument(const std::vector<Freeing>& freeings) {
  JsonWriter json;
  json.OpenObject().String("schema", "prepull.unpin/v1").OpenArray("unpinned");
  for (const Freeing& freeing : freeings) {
    if (!freeing.error.empty()) continue;
    json.OpenObject().String("image", freeing.pin.image).OpenArray("records");
    for (const std::string& record : freeing.pin.records) {
      json.String("", record);
    }
    json.CloseArray().CloseObject();
  }
  json.CloseArray().OpenArray("failed");
  for (const Freeing& freeing : freeings) {
    if (freeing.error.empty()) continue;
    json.OpenObject()
        .String("image", freeing.pin.image)
        .String("message", freeing.error)
        .CloseObject();
  }
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

std::string Names(const std::vector<Freeing>& freeings) {
  std::string names;
  for (const Freeing& freeing : freeings) {
    if (freeing.error.empty()) absl::StrAppend(&names, freeing.pin.image, "\n");
  }
  return names;
}

std::string Lines(const std::vector<Freeing>& freeings) {
  std::string lines;
  for (const Freeing& freeing : freeings) {
    if (freeing.error.empty()) {
      absl::StrAppend(&lines, "unpinned  ", freeing.pin.image, "\n");
    } else {
      absl::StrAppend(&lines, "failed    ", freeing.pin.image, "  ",
                      freeing.error, "\n");
    }
  }
  if (freeings.empty()) return "no pin of prepull's to take back\n";
  const int64_t total = static_cast<int64_t>(freeings.size());
  const int64_t freed = CountFreed(freeings);
  if (freed < total) absl::StrAppend(&lines, freed, " of ");
  return absl::StrCat(lines, Counted(total, "image"), " unpinned\n");
}

CommandEnd Failed(ExitCode code, const absl::Status& why) {
  if (why.code() == absl::StatusCode::kCancelled) code = ExitCode::kStopped;
  return {code, Printable(why.message(), 1024)};
}

class UnpinCommand : public CommandProgram {
 public:
  UnpinCommand() : CommandProgram(UnpinDoc()) {
    command().Group("What");
    command().Switch({.name = "--not-in-list",
                      .text = "free every image that prepull has pinned and "
                              "that the list does not name, such as an older "
                              "list's"},
                     not_in_list_);
    AddImageArguments(command(), images_);
    command().Group("Output");
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "what is freed as table, json or name",
                      .fallback = "table"},
                     {"table", "json", "name"}, output_);
    AddTalkFlags(command(), talk_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartTalk(talk_, context, /*to_people=*/true);
    if (not_in_list_ && images_.list_files.empty()) {
      return {ExitCode::kBadInput,
              "--not-in-list: name the list to keep with --image-list-file"};
    }
    const auto sockets = SocketsToTry(images_, context.host);
    if (!sockets.ok()) return Failed(ExitCode::kBadInput, sockets.status());
    const auto list = ReadImages(images_, context, Instant::Never());
    if (!list.ok()) return Failed(ExitCode::kBadInput, list.status());
    WarnOfUnused(*list);
    const absl::Status sound = CheckList(list->requests);
    if (!sound.ok()) return Failed(ExitCode::kBadInput, sound);
    const auto found = Connect(*sockets, context);
    if (!found.ok()) {
      CommandEnd end = Failed(ExitCode::kNoRuntime, found.status());
      end.error += SocketHint(images_, context.host);
      return end;
    }
    return Free(list->requests, *found, context);
  }

 private:
  // A misspelt line would free the image that it means.
  absl::Status CheckList(const std::vector<ImageRequest>& requests) const {
    if (!not_in_list_) return absl::OkStatus();
    for (const ImageRequest& request : requests) {
      if (request.reference.ok()) continue;
      return Annotate(request.reference.status(), "--not-in-list");
    }
    return absl::OkStatus();
  }

  CommandEnd Free(const std::vector<ImageRequest>& requests,
                  const FoundRuntime& found, const CommandContext& context) {
    // The list has had its own time.
    const struct Run run = {.start = context.clock.Now(),
                            .overall_timeout = kUnpinTimeout};
    RunObserver nobody;
    const auto node = TakeInventory({.runtime = *found.runtime,
                                     .clock = context.clock,
                                     .roll_dice = SystemDice(),
                                     .observer = nobody},
                                    context.stop, run);
    if (!node.ok()) return Failed(ExitCode::kNoRuntime, node.status());
    ImageRecords* records = found.runtime->image_records();
    if (records == nullptr) {
      return Unanswered(absl::UnimplementedError(""), found.version);
    }
    const auto pinned = OurPins(*records, {kUnpinCallTimeout, context.stop});
    if (!pinned.ok()) return Unanswered(pinned.status(), found.version);
    std::vector<Freeing> freeings;
    const absl::Status asked =
        FreeAll(not_in_list_ ? PinsNotIn(requests, *node, *pinned)
                             : PinsOf(requests, *node, *pinned),
                *records, context.stop, freeings);
    TakeMalformed(requests, freeings);
    Print(freeings, context);
    if (!asked.ok()) return Failed(ExitCode::kNoRuntime, asked);
    const int64_t failed =
        static_cast<int64_t>(freeings.size()) - CountFreed(freeings);
    if (failed == 0) return {};
    return {ExitCode::kImagesFailed,
            absl::StrCat(Counted(failed, "image"), " could not be freed")};
  }

  // Errors: UNAVAILABLE and its like  the runtime is gone; CANCELLED. Those
  // of one image are in `freeings`.
  static absl::Status FreeAll(std::vector<HeldPin> pins, ImageRecords& records,
                              const std::stop_token& stop,
                              std::vector<Freeing>& freeings) {
    for (HeldPin& pin : pins) {
      Freeing& freeing = freeings.emplace_back(Freeing{std::move(pin)});
      for (const std::string& record : freeing.pin.records) {
        absl::Status freed = Unpin(records, record, {kUnpinCallTimeout, stop});
        if (freed.ok()) continue;
        freeing.error = Printable(freed.message(), 1024);
        if (IsGone(freed)) return freed;
      }
    }
    return absl::OkStatus();
  }

  static bool IsGone(const absl::Status& error) {
    return error.code() == absl::StatusCode::kUnavailable ||
           error.code() == absl::StatusCode::kDeadlineExceeded ||
           error.code() == absl::StatusCode::kCancelled;
  }

  static CommandEnd Unanswered(const absl::Status& why,
                               const RuntimeVersion& runtime) {
    if (why.code() != absl::StatusCode::kUnimplemented) {
      return Failed(ExitCode::kNoRuntime, why);
    }
    return {ExitCode::kImagesFailed,
            absl::StrCat(
                Printable(runtime.name, 128),
                " takes no pins over its socket, so there is none to take back"
                "\nhint: CRI-O's are the pinned_images in "
                "/etc/crio/crio.conf.d")};
  }

  static void TakeMalformed(const std::vector<ImageRequest>& requests,
                            std::vector<Freeing>& freeings) {
    for (const ImageRequest& request : requests) {
      if (request.reference.ok()) continue;
      freeings.push_back({{.image = request.image, .records = {}},
                          std::string(request.reference.status().message())});
    }
  }

  void Print(const std::vector<Freeing>& freeings,
             const CommandContext& context) const {
    if (output_ == "json") {
      PrintJson(UnpinDocument(freeings), context);
    } else if (output_ == "name") {
      context.console.PrintOut(Names(freeings));
    } else {
      context.console.PrintOut(Lines(freeings));
    }
  }

  ImageArguments images_;
  bool not_in_list_ = false;
  std::string output_ = "table";
  TalkOptions talk_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeUnpinCommand() {
  return std::make_unique<UnpinCommand>();
}

}  // namespace prepull
