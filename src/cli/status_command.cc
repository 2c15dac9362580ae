// prepull status: shows a status file, now or when its run has ended.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/file_watch.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "prepull/report/lines.h"
#include "prepull/report/run_document.h"
#include "prepull/report/status_file.h"
#include "src/cli/commands.h"
#include "src/cli/shared_flags.h"
#include "src/cli/status_message.h"

namespace prepull {
namespace {

// A living run ends within seconds of its deadline.
constexpr absl::Duration kGrace = absl::Seconds(30);
// Where the kernel cannot tell of changes.
constexpr absl::Duration kLookAgain = absl::Seconds(1);

CommandDoc StatusDoc() {
  return {
      .name = "status",
      .summary = "show a status file, or wait for its run to end",
      .about =
          "Shows the images of a status file, or waits until its run "
          "has ended and ends\nwith the same exit code. Or reads back the "
          "termination message of a pod, or\nremoves the file.",
      .examples = {"prepull status --status-file status.json",
                   "prepull status --status-file status.json --wait",
                   "PREPULL_STATUS_FILE=status.json prepull status -o json",
                   "prepull status --from-message message --image-list-file "
                   "images.txt"},
      .exit_codes = {
          "0  the file could be read, or is removed",
          "2  bad flags, or it cannot be read or is of another list",
          "with --from-message: the code of the run",
          "with --wait: the same; 3 if it has died: it wrote nothing",
          "for 40 s, or did not end by its deadline"}};
}

// How long a run may still live, going by its newest document. A document from
// the future is one of a clock that was set back, and as good as new.
absl::Duration TimeLeft(const ReadRun& read, absl::Time wall_now) {
  const absl::Duration age =
      std::max(wall_now - read.updated_at, absl::ZeroDuration());
  // The deadline by the writer's clock: ours may differ or jump.
  return std::min(kOldestStatus - age,
                  read.deadline - read.updated_at + kGrace);
}

// A status document and the text it came from.
struct StatusDocument {
  std::string text;
  ReadRun read;
};

class StatusCommand : public CommandProgram {
 public:
  StatusCommand() : CommandProgram(StatusDoc()) {
    command().Group("What");
    command().Text(
        {.name = "--status-file",
         .value = "PATH",
         .text = "the status file of the run, - = standard input, as for "
                 "status.json of a result ConfigMap",
         .is_path = true},
        path_);
    command().Switch({.name = "--wait",
                      .text = "wait until the run has ended, and end with its "
                              "exit code"},
                     wait_);
    command().Switch({.name = "--remove",
                      .text = "remove the file, if it is a status file of "
                              "prepull or lifecycle-agent; none is fine, too"},
                     remove_);
    command().Group("What, of a pod");
    command().Text(
        {.name = "--from-message",
         .value = "PATH",
         .text = "a termination message in place of the status file: its last "
                 "line tells the state of each image; - is standard input",
         .is_path = true},
        message_.path);
    AddListFileFlags(command(), message_.list);
    command().Group("Output");
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "table, json (the document itself) or name "
                              "(what is on the node)",
                      .fallback = "table"},
                     {"table", "json", "name"}, output_);
    command().Switch(
        {.name = "--no-headers", .text = "leave out the table's header"},
        no_headers_);
  }

  CommandEnd Run(const CommandContext& context) override {
    if (!message_.path.empty()) return ShowMessage(context);
    if (path_.empty()) {
      return {ExitCode::kBadInput,
              "no status file: give --status-file or set PREPULL_STATUS_FILE"};
    }
    if (wait_ && is_input()) {
      return {ExitCode::kBadInput,
              "--wait: standard input does not change: give a file"};
    }
    if (remove_) return Remove(context);
    const absl::StatusOr<StatusDocument> document =
        wait_ ? Await(context) : Read(context);
    if (!document.ok()) return Failed(document.status());
    Print(*document, context);
    if (!wait_) return {};
    const std::optional<ExitCode> code = document->read.run.exit_code();
    if (code) return {*code};
    const absl::Duration silence =
        context.clock.WallNow() - document->read.updated_at;
    return {ExitCode::kStopped,
            absl::StrCat(
                "status file ", path_, ": the run has died: it ",
                silence > kOldestStatus
                    ? absl::StrCat("wrote nothing for ", HumanDuration(silence))
                    : "did not end by its deadline")};
  }

 private:
  CommandEnd ShowMessage(const CommandContext& context) const {
    if (wait_ || remove_) {
      return {ExitCode::kBadInput,
              wait_ ? "--wait: a message is written when its run has ended"
                    : "--remove: expected --status-file"};
    }
    return ShowStatusMessage(message_, {output_, no_headers_}, context);
  }

  CommandEnd Remove(const CommandContext& context) const {
    if (wait_ || is_input()) {
      return {ExitCode::kBadInput, "--remove: expected a file, and no --wait"};
    }
    const absl::Status removed = RemoveStatusFile(context.files);
    if (absl::IsNotFound(removed)) {
      context.console.PrintOut(absl::StrCat("no file ", path_, "\n"));
      return {};
    }
    if (!removed.ok()) return Failed(removed);
    context.console.PrintOut(absl::StrCat("removed ", path_, "\n"));
    return {};
  }

  absl::Status RemoveStatusFile(FileSystem& files) const {
    ASSIGN_OR_RETURN(const std::string text,
                     files.ReadFile(path_, kMaxDocumentBytes));
    RETURN_IF_ERROR(Annotate(CheckStatusDocument(text),
                             absl::StrCat(path_, ": not removed")));
    RETURN_IF_ERROR(files.RemoveFile(path_));
    files.RemoveOldDrafts(path_, -absl::InfiniteDuration());
    return absl::OkStatus();
  }

  static CommandEnd Failed(const absl::Status& why) {
    if (why.code() == absl::StatusCode::kCancelled) {
      return {ExitCode::kStopped, "interrupted"};
    }
    return {ExitCode::kBadInput, std::string(why.message())};
  }

  bool is_input() const { return path_ == "-"; }

  absl::StatusOr<std::string> ReadText(const CommandContext& context) const {
    if (!is_input()) return context.files.ReadFile(path_, kMaxDocumentBytes);
    return context.host.ReadInput(kMaxDocumentBytes, Instant::Never(),
                                  context.stop);
  }

  absl::StatusOr<StatusDocument> Read(const CommandContext& context) const {
    StatusDocument document;
    ASSIGN_OR_RETURN(document.text, ReadText(context));
    // As kubectl prints a ConfigMap that nobody has written to.
    if (is_input() && document.text.empty()) {
      return absl::InvalidArgumentError(
          "standard input: it is empty: no result is there yet");
    }
    absl::StatusOr<ReadRun> read = ParseRunDocument(document.text);
    if (!read.ok()) {
      return Annotate(read.status(), is_input()
                                         ? "standard input"
                                         : absl::StrCat("status file ", path_));
    }
    document.read = *std::move(read);
    return document;
  }

  // The document of a run that has ended, or the last one of a run that has
  // died.
  absl::StatusOr<StatusDocument> Await(const CommandContext& context) const {
    Wakeup changed;
    std::stop_callback wake(context.stop, [&changed] { changed.Notify(); });
    // Told before the first look, so that no change is missed.
    const FileWatch watch(path_, changed);
    Instant give_up = Instant::Never();
    absl::Time last_update;
    while (true) {
      absl::StatusOr<StatusDocument> document = Read(context);
      const Instant now = context.clock.Now();
      if (document.ok() && document->read.run.exit_code()) return document;
      if (!document.ok() &&
          document.status().code() != absl::StatusCode::kNotFound) {
        return document;
      }
      if (document.ok() && document->read.updated_at != last_update) {
        last_update = document->read.updated_at;
        give_up = now + TimeLeft(document->read, context.clock.WallNow());
      }
      if (context.stop.stop_requested()) {
        return absl::CancelledError("interrupted");
      }
      if (document.ok() && now >= give_up) return document;
      const Instant look =
          watch.is_watching() ? Instant::Never() : now + kLookAgain;
      context.clock.WaitUntil(std::min(look, give_up), changed);
    }
  }

  void Print(const StatusDocument& document,
             const CommandContext& context) const {
    const class Run& run = document.read.run;
    if (output_ == "json") {
      context.console.PrintJson(document.text);
      return;
    }
    if (run.omitted() > 0) {
      context.console.PrintErr(
          absl::StrCat("not shown: ", Counted(run.omitted(), "image"),
                       " that the document leaves out"));
    }
    if (output_ == "name") {
      std::string names;
      for (const ImageOutcome& image : run.images()) {
        const bool is_present = image.state == ImageState::kPulled ||
                                image.state == ImageState::kSkipped;
        if (is_present) absl::StrAppend(&names, image.image, "\n");
      }
      context.console.PrintOut(names);
      return;
    }
    const absl::Duration took =
        run.finished_at().value_or(document.read.updated_at) - run.started_at();
    context.console.PrintOut(
        absl::StrCat(StatusTable(run, !no_headers_), PhaseName(run.phase()),
                     ": ", run.message().empty() ? "" : run.message() + "; ",
                     LastLine(run, took), "\n"));
  }

  std::string path_;
  StatusMessageOptions message_;
  std::string output_ = "table";
  bool wait_ = false;
  bool remove_ = false;
  bool no_headers_ = false;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeStatusCommand() {
  return std::make_unique<StatusCommand>();
}

}  // namespace prepull
