// prepull preflight: checks whether this node is fit to pull images.
#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/table.h"
#include "prepull/base/text.h"
#include "prepull/preflight/image_disk.h"
#include "prepull/preflight/runtime_checks.h"
#include "prepull/report/run_document.h"
#include "prepull/runtime/connect.h"
#include "src/cli/commands.h"
#include "src/cli/node_state.h"
#include "src/cli/shared_flags.h"

namespace prepull {
namespace {

CommandDoc PreflightDoc() {
  return {.name = "preflight",
          .summary = "check whether this node is fit to pull images",
          .about =
              "Checks the runtime, the disk of its images and, by the "
              "kubelet's configuration\nif there is one below --host-root, "
              "which pods may use them. Pulls nothing, and\nprints a line for "
              "each check: ok, warning or failed, and why.",
          .examples = {"prepull preflight", "prepull preflight -o json",
                       "prepull preflight --space-required 35GiB "
                       "--host-root /host"},
          .exit_codes = {"0  the node is fit; there may be warnings",
                         "2  bad flags", "3  interrupted",
                         "4  the runtime cannot be reached",
                         "5  the node is not fit"}};
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
      .String("socket", runtime.socket);
  WriteFeatures(json, features);
  json.CloseObject();
}

void WriteDisk(const ImageDisk& disk, const DiskRequirements& required,
               JsonWriter& json) {
  std::optional<int64_t> size, used, available, inodes, free_inodes;
  if (disk.usage.ok()) {
    size = disk.usage->size_bytes;
    used = disk.usage->used_bytes;
    available =
        BytesBelowThreshold(*disk.usage, required.gc_high_threshold_percent);
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

std::string PreflightDocument(const NodeState& node,
                              const std::vector<Finding>& findings,
                              const DiskRequirements& required) {
  JsonWriter json;
  json.OpenObject()
      .String("schema", "prepull.preflight/v1")
      .Bool("fit", IsFit(findings));
  WriteRuntime(node.runtime, json);
  json.Integer("space_required_bytes", required.space_required_bytes)
      .Integer("gc_high_threshold_percent", required.gc_high_threshold_percent);
  if (node.disk.ok()) {
    WriteDisk(*node.disk, required, json);
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
  rows.reserve(findings.size());
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
    AddSocketFlag(command(), cri_socket_);
    AddFitnessFlags(command(), options_);
    AddHostRootFlag(command(), options_.host_root);
    AddCredentialFlags(command(), credentials_);
    command().Group("Output");
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "findings as table or json",
                      .fallback = "table"},
                     {"table", "json"}, output_);
    AddLoggingFlags(command(), logging_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartLogging(logging_, context, /*hides_info=*/true);
    const auto sockets = RuntimeSockets::Parse(cri_socket_, context.host);
    if (!sockets.ok()) return Failed(ExitCode::kBadInput, sockets.status());
    const auto finder = MakeCredentialFinder(credentials_, context.files,
                                             context.host, context.clock);
    if (!finder.ok()) return Failed(ExitCode::kBadInput, finder.status());
    const auto found = sockets->Connect(context.clock, context.stop);
    if (!found.ok()) {
      CommandEnd end = Failed(ExitCode::kNoRuntime, found.status());
      end.error += sockets->Hint();
      return end;
    }
    const NodeState node = ReadNodeState(
        *found, options_,
        HasCredentialSources(credentials_) ? finder->get() : nullptr, context);
    if (context.stop.stop_requested()) {
      return {ExitCode::kStopped, "interrupted"};
    }
    if (IsUnreachable(node.disk.status())) {
      return Failed(ExitCode::kNoRuntime, node.disk.status());
    }
    return Report(node, context);
  }

 private:
  CommandEnd Report(const NodeState& node,
                    const CommandContext& context) const {
    const std::vector<Finding> findings = FindingsOf(node, options_.disk);
    if (output_ == "json") {
      context.console.PrintJson(
          PreflightDocument(node, findings, options_.disk));
    } else {
      context.console.PrintOut(FindingsTable(findings));
    }
    return {IsFit(findings) ? ExitCode::kOk : ExitCode::kNodeNotFit};
  }

  std::string cri_socket_;
  PreflightOptions options_;
  CredentialOptions credentials_;
  std::string output_ = "table";
  LoggingOptions logging_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakePreflightCommand() {
  return std::make_unique<PreflightCommand>();
}

}  // namespace prepull
