// What fetch prints: the result on standard output, progress on standard
// error, in the formats that were asked for.
#ifndef PREPULL_SRC_CLI_FETCH_OUTPUT_H_
#define PREPULL_SRC_CLI_FETCH_OUTPUT_H_

#include <memory>
#include <string>
#include <vector>

#include "prepull/list/image_request.h"
#include "prepull/pull/plan.h"
#include "prepull/run/run_observer.h"
#include "src/cli/command_context.h"
#include "src/cli/fetch_options.h"

namespace prepull {

class FetchOutput : public RunObserver {
 public:
  FetchOutput(const FetchOptions& options, const CommandContext& context)
      : options_(options), context_(context) {}

  // Pulling begins with so many pulls at once.
  void Begin(const Run& run, int concurrency);

  // What to configure on CRI-O, ready to be copied; a line of log for each of
  // its lines where the log is for programs.
  void PrintDropIn(const std::string& drop_in);

  // The result of a dry run.
  void PrintPlan(const std::vector<ImageRequest>& requests,
                 const std::vector<PlannedPull>& plan);

  // From here on lines have their width.
  void OnListKnown(const Run& run) override;
  void OnPlanned(const Run& run) override;
  void OnAttempt(const Run& run, const ImageOutcome& image) override;
  void OnRetry(const Run& run, const ImageOutcome& image,
               absl::Duration delay) override;
  void OnEnded(const Run& run, const ImageOutcome& image) override;
  Instant OnTurn(const Run& run, Instant now) override;
  // Prints the result.
  void OnFinished(const Run& run, Instant now) override;

 private:
  const FetchOptions& options_;
  const CommandContext& context_;
  int image_column_ = 0;
  std::unique_ptr<RunObserver> progress_ = std::make_unique<RunObserver>();
};

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_FETCH_OUTPUT_H_
