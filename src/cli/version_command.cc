// prepull version: prints the version of this binary and of its libraries.
#include <memory>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/runtime/cri_client.h"
#include "src/cli/commands.h"

namespace prepull {
namespace {

std::string AbseilVersion() {
  return absl::StrCat(ABSL_LTS_RELEASE_VERSION, ".",
                      ABSL_LTS_RELEASE_PATCH_LEVEL);
}

std::string VersionText() {
  std::string text = absl::StrCat("prepull ", PREPULL_VERSION);
  const std::string commit = PREPULL_COMMIT;
  if (!commit.empty()) {
    absl::StrAppend(&text, " (", commit, ", ", PREPULL_COMMIT_DATE, ")");
  }
  return absl::StrCat(text, "\ngRPC ", GrpcVersion(), ", Abseil ",
                      AbseilVersion(), "\n");
}

std::string VersionDocument() {
  JsonWriter json;
  json.OpenObject()
      .String("version", PREPULL_VERSION)
      .String("commit", PREPULL_COMMIT)
      .String("commit_date", PREPULL_COMMIT_DATE)
      .String("grpc", GrpcVersion())
      .String("abseil", AbseilVersion())
      .CloseObject();
  return json.Take() + "\n";
}

class VersionCommand : public CommandProgram {
 public:
  VersionCommand()
      : CommandProgram(
            {.name = "version",
             .summary = "print the version",
             .about = "Prints the version of prepull and of the "
                      "libraries it was built with.",
             .examples = {"prepull version", "prepull version -o json"},
             .exit_codes = {"0  printed", "2  bad flags"},
             .alias = "--version"}) {
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "as table (two lines) or json",
                      .fallback = "table"},
                     {"table", "json"}, output_);
  }

  CommandEnd Run(const CommandContext& context) override {
    if (output_ == "json") {
      context.console.PrintJson(VersionDocument());
    } else {
      context.console.PrintOut(VersionText());
    }
    return {};
  }

 private:
  std::string output_ = "table";
};

}  // namespace

std::unique_ptr<CommandProgram> MakeVersionCommand() {
  return std::make_unique<VersionCommand>();
}

}  // namespace prepull
