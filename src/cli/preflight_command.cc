// prepull preflight: is this node fit to pull images?
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/table.h"
#include "prepull/base/text.h"
#include "prepull/preflight/runtime_checks.h"
#include "src/cli/commands.h"
#include "src/cli/credential_flags.h"
#include "src/cli/image_arguments.h"
#include "src/cli/preflight_flags.h"
#include "src/cli/print_json.h"

namespace prepull {
namespace {

constexpr absl::Duration kPreflightCallTimeout = absl::Seconds(10);

CommandDoc PreflightDoc() {
  return {.name = "preflight",
          .summary = "say whether this node is fit to pull images",
          .about =
              "Looks at the runtime and at the disk its images are on, and "
              "pulls nothing.\nPrints a line for each check: ok, warning or "
              "failed, and why.",
          .examples = {"prepull preflight", "prepull preflight -o json",
                       "prepull preflight --space-required 35GiB "
                       "--host-root /host"},
          .exit_codes = {"0  the node is fit; there may be warnings",
                         "2  bad flags", "3  interrupted",
                         "4  the runtime cannot be reached",
                         "5  the node is not fit"}};
}

// All that was looked at.
struct Node {
  RuntimeState runtime;
  absl::StatusOr<ImageDisk> disk;
  std::optional<std::vector<std::string>> credentials;  // names of those found
};

// A row each, or one that says that there is none where some were asked for.
std::vector<Finding> JudgeCredentials(const Node& node) {
  std::vector<Finding> findings;
  if (!node.credentials) return findings;
  for (const std::string& name : *node.credentials) {
    findings.push_back({"secret", CheckResult::kOk, name});
  }
  if (findings.empty()) {
    findings.push_back({"secret", CheckResult::kWarning,
                        "no usable credential where it was looked for"});
  }
  return findings;
}

// In the order in which a person reads them.
std::vector<Finding> Judge(const Node& node, const DiskDemand& demand) {
  std::vector<Finding> findings = JudgeRuntime(node.runtime);
  for (Finding& finding : JudgeImageDisk(node.disk, demand)) {
    findings.push_back(std::move(finding));
  }
  for (Finding& finding : JudgeCredentials(node)) {
    findings.push_back(std::move(finding));
  }
  return findings;
}

bool IsFit(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) {
                        return finding.result == CheckResult::kFailed;
                      });
}

// "Ok", as JSON has it.
absl::string_view Word(CheckResult result) {
  if (result == CheckResult::kOk) return "Ok";
  return result == CheckResult::kWarning ? "Warning" : "Failed";
}

void WriteRuntime(const RuntimeState& runtime, JsonWriter& json) {
  const RuntimeFeatures features = FeaturesOf(runtime);
  json.OpenObject("runtime")
      .String("name", Printable(runtime.version.name, 128))
      .String("version", Printable(runtime.version.version, 128))
      .String("api_version", Printable(runtime.version.api_version, 128))
      .String("socket", runtime.socket)
      .Bool("byte_progress", features.byte_progress)
      .Bool("resume", features.resume)
      .Bool("pin", features.pin)
      .CloseObject();
}

void WriteDisk(const ImageDisk& disk, const DiskDemand& demand,
               JsonWriter& json) {
  std::optional<int64_t> size, used, available, inodes, free_inodes;
  if (disk.usage.ok()) {
    size = disk.usage->size_bytes;
    used = disk.usage->used_bytes;
    available =
        BytesBelowThreshold(*disk.usage, demand.gc_high_threshold_percent);
    inodes = disk.usage->inodes;
    free_inodes = disk.usage->free_inodes;
  }
  json.OpenObject("image_file_system")
      .String("path", Printable(disk.images.mountpoint, 4096))
      .Integer("size_bytes", size)
      .Integer("used_bytes", used)
      .Integer("available_bytes", available)
      .Integer("image_bytes", disk.images.image_bytes)
      .Integer("inodes", inodes)
      .Integer("free_inodes", free_inodes)
      .CloseObject();
}

std::string PreflightDocument(const Node& node,
                              const std::vector<Finding>& findings,
                              const DiskDemand& demand) {
  JsonWriter json;
  json.OpenObject()
      .String("schema", "prepull.preflight/v1")
      .Bool("fit", IsFit(findings));
  WriteRuntime(node.runtime, json);
  json.Integer("space_required_bytes", demand.space_required_bytes)
      .Integer("gc_high_threshold_percent", demand.gc_high_threshold_percent);
  if (node.disk.ok()) {
    WriteDisk(*node.disk, demand, json);
  } else {
    json.Null("image_file_system");
  }
  json.OpenArray("checks");
  for (const Finding& finding : findings) {
    json.OpenObject()
        .String("check", finding.check)
        .String("result", Word(finding.result))
        .String("detail", finding.detail)
        .CloseObject();
  }
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

// "fit, 2 warnings" or "not fit: disk, inodes".
std::string LastLine(const std::vector<Finding>& findings) {
  std::vector<std::string> failed;
  int64_t warnings = 0;
  for (const Finding& finding : findings) {
    if (finding.result == CheckResult::kFailed) failed.push_back(finding.check);
    if (finding.result == CheckResult::kWarning) ++warnings;
  }
  if (!failed.empty()) {
    return absl::StrCat("this node is not fit: ", absl::StrJoin(failed, ", "));
  }
  return warnings == 0
             ? "this node is fit"
             : absl::StrCat("this node is fit, ", Counted(warnings, "warning"));
}

std::string FindingsTable(const std::vector<Finding>& findings) {
  std::vector<std::vector<std::string>> rows;
  for (const Finding& finding : findings) {
    rows.push_back({finding.check, absl::AsciiStrToLower(Word(finding.result)),
                    finding.detail});
  }
  return absl::StrCat(Table({"CHECK", "RESULT", "DETAIL"}, rows),
                      LastLine(findings), "\n");
}

class PreflightCommand : public CommandProgram {
 public:
  PreflightCommand() : CommandProgram(PreflightDoc()) {
    command().Group("What");
    AddSocketFlag(command(), images_);
    AddPreflightFlags(command(), options_);
    AddCredentialFlags(command(), credentials_);
    command().Group("Output");
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "the findings as table or json",
                      .fallback = "table"},
                     {"table", "json"}, output_);
    AddTalkFlags(command(), talk_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartTalk(talk_, context, /*to_people=*/true);
    const auto sockets = SocketsToTry(images_, context.host);
    if (!sockets.ok()) return Failed(ExitCode::kBadInput, sockets.status());
    const auto finder = MakeCredentialFinder(credentials_, context.files,
                                             context.host, context.clock);
    if (!finder.ok()) return Failed(ExitCode::kBadInput, finder.status());
    const auto found = Connect(*sockets, context);
    if (!found.ok()) {
      CommandEnd end = Failed(ExitCode::kNoRuntime, found.status());
      end.error += SocketHint(images_, context.host);
      return end;
    }
    const Node node = {
        .runtime = LookAtRuntime(*found, kPreflightCallTimeout, context.stop),
        .disk =
            LookAtImageDisk(*found->runtime, context.files, options_.host_root,
                            kPreflightCallTimeout, context.stop),
        .credentials = SourcesOf(**finder)};
    if (context.stop.stop_requested()) {
      return {ExitCode::kStopped, "interrupted"};
    }
    if (IsAway(node.disk.status())) {
      return Failed(ExitCode::kNoRuntime, node.disk.status());
    }
    return Report(node, context);
  }

 private:
  std::optional<std::vector<std::string>> SourcesOf(
      CredentialFinder& finder) const {
    if (!HasCredentialSources(credentials_)) return std::nullopt;
    return finder.Sources();
  }

  static CommandEnd Failed(ExitCode code, const absl::Status& why) {
    if (why.code() == absl::StatusCode::kCancelled) code = ExitCode::kStopped;
    return {code, std::string(why.message())};
  }

  CommandEnd Report(const Node& node, const CommandContext& context) const {
    const std::vector<Finding> findings = Judge(node, options_.demand);
    if (output_ == "json") {
      PrintJson(PreflightDocument(node, findings, options_.demand), context);
    } else {
      context.console.PrintOut(FindingsTable(findings));
    }
    return {IsFit(findings) ? ExitCode::kOk : ExitCode::kNodeNotFit};
  }

  ImageArguments images_;  // of which only the socket is asked for
  PreflightOptions options_;
  CredentialOptions credentials_;
  std::string output_ = "table";
  TalkOptions talk_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakePreflightCommand() {
  return std::make_unique<PreflightCommand>();
}

}  // namespace prepull
