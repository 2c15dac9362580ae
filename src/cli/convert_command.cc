// prepull convert: objects of other tools, as prepull's.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/convert/kubeedge.h"
#include "prepull/deploy/names.h"
#include "src/cli/commands.h"

namespace prepull {
namespace {

CommandDoc ConvertDoc() {
  return {
      .name = "convert",
      .summary = "turn KubeEdge's ImagePrePullJob into prepull's list",
      .about =
          "Prints the Prepull, or the list, for a KubeEdge "
          "ImagePrePullJob: the released\nforms (v1alpha1, v1alpha2), and "
          "the proposed one with parts of images, Secrets\nand overriders. "
          "What has no counterpart is a warning.",
      .examples = {"prepull convert kubeedge job.yaml",
                   "kubectl get imageprepulljobs -o yaml | prepull convert "
                   "kubeedge -",
                   "prepull convert kubeedge job.yaml -o list > images.txt"},
      .exit_codes = {"0  printed",
                     "2  bad flags, an unreadable file, or not a job"},
      .positional = "kubeedge FILE",
      .positional_text =
          "of which tool, and its object: YAML or JSON, one "
          "or several; - is\nstandard input",
      .first_words = {"kubeedge"}};
}

class ConvertCommand : public CommandProgram {
 public:
  ConvertCommand() : CommandProgram(ConvertDoc()) {
    command().Group("What");
    command().Custom({.name = "--namespace",
                      .value = "NAME",
                      .text = "namespace of the Prepull, and of its Secrets",
                      .fallback = name_space_},
                     [this](const std::string& text) {
                       name_space_ = text;
                       return CheckDnsLabel(text);
                     });
    command().Group("Output");
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "prepull (the object, for kubectl apply) or list "
                              "(the images, for --image-list-file)",
                      .fallback = "prepull"},
                     {"prepull", "list"}, output_);
    AddLoggingFlags(command(), logging_);
    command().Positionals(words_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartLogging(logging_, context, /*hides_info=*/true);
    if (words_.size() != 2 || words_[0] != "kubeedge") {
      return {ExitCode::kBadInput, "convert: expected kubeedge and a file"};
    }
    const absl::StatusOr<std::vector<ConvertedJob>> jobs = Convert(context);
    if (!jobs.ok()) return Failed(ExitCode::kBadInput, jobs.status());
    Print(*jobs, context);
    return {};
  }

 private:
  absl::StatusOr<std::vector<ConvertedJob>> Convert(
      const CommandContext& context) const {
    const bool is_input = words_[1] == "-";
    ASSIGN_OR_RETURN(
        const std::string text,
        is_input ? context.host.ReadInput(kMaxKubeEdgeBytes, Instant::Never(),
                                          context.stop)
                 : context.files.ReadFile(words_[1], kMaxKubeEdgeBytes));
    absl::StatusOr<std::vector<ConvertedJob>> jobs = ConvertKubeEdge(text);
    if (!jobs.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(is_input ? "standard input" : words_[1], ":",
                       jobs.status().message()));
    }
    return jobs;
  }

  void Print(std::vector<ConvertedJob> jobs,
             const CommandContext& context) const {
    std::vector<std::string> documents;
    for (ConvertedJob& job : jobs) {
      for (const std::string& warning : job.warnings) {
        Log(LogLevel::kWarn, warning, {{"job", job.prepull.name}});
      }
      job.prepull.name_space = name_space_;
      documents.push_back(
          output_ == "list"
              ? absl::StrCat(absl::StrJoin(job.prepull.images, "\n"), "\n")
              : RenderPrepull(job.prepull));
    }
    context.console.PrintOut(
        absl::StrJoin(documents, output_ == "list" ? "" : "---\n"));
  }

  std::vector<std::string> words_;
  std::string name_space_ = "prepull";
  std::string output_ = "prepull";
  LoggingOptions logging_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeConvertCommand() {
  return std::make_unique<ConvertCommand>();
}

}  // namespace prepull
