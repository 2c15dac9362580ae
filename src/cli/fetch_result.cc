#include "src/cli/fetch_result.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/label.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "prepull/report/lines.h"
#include "prepull/report/run_document.h"
#include "prepull/runtime/image_sizes.h"

namespace prepull {
namespace {

// More often helps nobody, and etcd keeps each write.
constexpr absl::Duration kMinEvery = absl::Seconds(1);
constexpr absl::Duration kSizeTimeout = absl::Seconds(2);

absl::Status CheckConfigMapName(const std::string& name) {
  if (IsDnsSubdomain(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("invalid name \"", Printable(name, 300),
                   "\": expected up to 253 lower case letters, digits, - ."));
}

absl::StatusOr<absl::Duration> ParseEvery(const std::string& text) {
  ASSIGN_OR_RETURN(const absl::Duration every, ParseDuration(text));
  if (every == absl::ZeroDuration() || every >= kMinEvery) return every;
  return absl::InvalidArgumentError(
      absl::StrCat("invalid value \"", Printable(text, 64),
                   "\": expected 0 or at least 1s"));
}

ResultTexts DescribeRun(Run run, Instant now, absl::Time wall_now) {
  std::string summary = SummaryLine(run, now - run.start());
  return {.document = BoundedRunDocument(std::move(run), kMaxResultBytes, now,
                                         wall_now),
          .summary = std::move(summary)};
}

}  // namespace

void AddResultFlags(Command& command, ResultOptions& options) {
  command.Custom(
      {.name = "--result-configmap",
       .value = "NAME",
       .text = "write the status document (status.json, at most 900 kB, "
               "failed images first) and a line that sums it up (summary) "
               "into this ConfigMap of the pod's namespace, which must "
               "exist; changes no exit code"},
      [&options](const std::string& text) -> absl::Status {
        RETURN_IF_ERROR(CheckConfigMapName(text));
        options.config_map = text;
        return absl::OkStatus();
      });
  command.Custom({.name = "--result-every",
                  .value = "D",
                  .text = "write it this often while the run lasts, too, at "
                          "least 1s; 0 = only at its end",
                  .fallback = "0"},
                 [&options](const std::string& text) -> absl::Status {
                   ASSIGN_OR_RETURN(options.every, ParseEvery(text));
                   return absl::OkStatus();
                 });
}

std::unique_ptr<ResultConfigMap> MakeResultConfigMap(
    const FetchOptions& options, const CommandContext& context,
    HttpClient& http) {
  ResultOptions result = options.result;
  result.service_account_dir = options.node_label.service_account_dir;
  if (result.config_map.empty() && result.every > absl::ZeroDuration()) {
    Log(LogLevel::kWarn,
        "--result-every does nothing without "
        "--result-configmap");
  }
  if (options.dry_run) result.config_map.clear();
  return std::make_unique<ResultConfigMap>(
      std::move(result), DescribeRun,
      ResultConfigMap::Seams{context.host, context.files, context.clock, http},
      context.stop);
}

AskSize SizesOf(const std::string& socket) {
  return [sizes = std::make_shared<ImageSizes>(socket)](
             const std::string& image_ref,
             const std::stop_token& stop) -> std::optional<int64_t> {
    const absl::StatusOr<int64_t> size =
        sizes->Ask(image_ref, kSizeTimeout, stop);
    if (size.ok()) return *size;
    Log(LogLevel::kDebug, "size of an image unknown",
        {{"image", image_ref}, {"error", size.status().message()}});
    return std::nullopt;
  };
}

SubmitOptions SubmitOptionsOf(const FetchOptions& options) {
  if (options.dry_run) return {};
  return {.endpoint = options.compatibility.metrics_endpoint};
}

}  // namespace prepull
