#include "src/cli/fetch_output.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/log.h"
#include "prepull/report/lines.h"
#include "prepull/report/live_view.h"
#include "prepull/report/progress_log.h"
#include "prepull/report/run_document.h"

namespace prepull {
namespace {

absl::string_view ActionWord(PlannedPull::Action action) {
  switch (action) {
    case PlannedPull::Action::kPull:
      return "pull";
    case PlannedPull::Action::kReplace:
      return "replace";
    case PlannedPull::Action::kSkip:
      return "present";
    case PlannedPull::Action::kFail:
      break;
  }
  return "failed";
}

std::string PlanDocument(const std::vector<ImageRequest>& requests,
                         const std::vector<PlannedPull>& plan) {
  JsonWriter json;
  json.OpenObject().String("schema", "prepull.plan/v1");
  json.Integer("total", static_cast<int64_t>(plan.size())).OpenArray("images");
  for (size_t i = 0; i < plan.size(); ++i) {
    json.OpenObject()
        .String("image", requests[i].image)
        .String("origin", requests[i].origin)
        .String("action", ActionWord(plan[i].action))
        .String("why", plan[i].why)
        .CloseObject();
  }
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

LiveView::Screen ScreenOf(const CommandContext& context) {
  return {
      .size =
          [&host = context.host] {
            const WindowSize window = host.Window();
            return ScreenSize{window.columns, window.rows};
          },
      .draw =
          [&console = context.console](const std::vector<std::string>& lines) {
            console.DrawView(lines);
          },
      .print = [&console = context.console](
                   const std::string& line) { console.PrintErr(line); }};
}

}  // namespace

void FetchOutput::OnListKnown(const Run& run) {
  image_column_ = ImageColumn(run);
}

void FetchOutput::Begin(const Run&, int concurrency) {
  const bool shows_nothing =
      options_.progress == "none" || options_.logging.quiet;
  if (DrawsView(options_, context_.host)) {
    progress_ = std::make_unique<LiveView>(ScreenOf(context_));
  } else if (!shows_nothing) {
    progress_ = std::make_unique<ProgressLog>(ProgressLog::Options{
        .concurrency = concurrency, .logs_ends = options_.output != "table"});
  }
}

void FetchOutput::OnPlanned(const Run& run) { progress_->OnPlanned(run); }

void FetchOutput::OnAttempt(const Run& run, const ImageOutcome& image) {
  progress_->OnAttempt(run, image);
}

void FetchOutput::OnRetry(const Run& run, const ImageOutcome& image,
                          absl::Duration delay) {
  progress_->OnRetry(run, image, delay);
}

void FetchOutput::OnEnded(const Run& run, const ImageOutcome& image) {
  if (options_.output == "table") {
    context_.console.PrintOut(
        absl::StrCat(EndLine(image, image_column_), "\n"));
  }
  progress_->OnEnded(run, image);
}

Instant FetchOutput::OnTurn(const Run& run, Instant now) {
  return progress_->OnTurn(run, now);
}

void FetchOutput::PrintDropIn(const std::string& drop_in) {
  if (options_.logging.quiet || options_.logging.log_level == "error") return;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripSuffix(drop_in, "\n"), '\n')) {
    if (options_.logging.log_format == "json") {
      Log(LogLevel::kWarn, "drop-in for CRI-O", {{"line", line}});
    } else {
      context_.console.PrintErr(line);
    }
  }
}

void FetchOutput::OnFinished(const Run& run, Instant now) {
  context_.console.EraseView();
  progress_->OnFinished(run, now);
  if (options_.output == "json") {
    context_.console.PrintJson(RunDocument(run, now, context_.clock.WallNow()));
  } else if (options_.output == "name") {
    std::string names;
    for (const ImageOutcome& image : run.images()) {
      const bool is_present = image.state == ImageState::kPulled ||
                              image.state == ImageState::kSkipped;
      if (is_present) absl::StrAppend(&names, image.image, "\n");
    }
    context_.console.PrintOut(names);
  } else if (run.list_known()) {
    context_.console.PrintOut(
        absl::StrCat(LastLine(run, now - run.start()), "\n"));
  }
}

void FetchOutput::PrintPlan(const std::vector<ImageRequest>& requests,
                            const std::vector<PlannedPull>& plan) {
  if (options_.output == "json") {
    context_.console.PrintJson(PlanDocument(requests, plan));
    return;
  }
  std::string lines;
  int64_t to_pull = 0;
  for (size_t i = 0; i < plan.size(); ++i) {
    const bool pulls = plan[i].action == PlannedPull::Action::kPull ||
                       plan[i].action == PlannedPull::Action::kReplace;
    to_pull += pulls ? 1 : 0;
    if (options_.output == "table") {
      absl::StrAppendFormat(&lines, "%-8s %-*s  %s\n",
                            ActionWord(plan[i].action), image_column_,
                            requests[i].image, plan[i].why);
    } else if (pulls) {
      absl::StrAppend(&lines, requests[i].image, "\n");
    }
  }
  if (options_.output == "table") {
    absl::StrAppend(&lines, to_pull, " of ", plan.size(),
                    plan.size() == 1 ? " image" : " images", " to pull\n");
  }
  context_.console.PrintOut(lines);
}

}  // namespace prepull
